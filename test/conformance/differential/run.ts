import { Asker } from './ask/asker.js';
import { QuestionMaker } from './ask/questions.js';
import type { Bench } from './compare/expectation.js';
import { judge } from './compare/judge.js';
import { SeededRandom } from './random.js';
import type { Failure, Tally } from './report.js';
import type { Pair } from './world.js';

export interface RunOptions {
  readonly seed: number;
  readonly questions: number;
}

/** Asked at a time, so that neither server waits for the other. */
const LANES = 3;

/** Asks a pair of servers the questions of a seed; adds what came of it to the tally. */
export async function comparePair(
  pair: Pair,
  { seed, questions }: RunOptions,
  tally: Tally,
): Promise<readonly Failure[]> {
  const random = new SeededRandom(seed);
  const maker = new QuestionMaker(random, pair.pools);
  const failures: Failure[] = [];
  let isSecond = false;
  const isAskedTwice = (): boolean => {
    isSecond = !isSecond;
    return isSecond;
  };
  let left = questions;
  const lane = async (): Promise<void> => {
    await using theirs = await Asker.open(pair.theirs);
    await using ours = await Asker.open(pair.ours);
    await using unlimited = await Asker.open(pair.unlimited);
    const bench: Bench = {
      configuration: pair.configuration,
      settings: pair.settings,
      theirs,
      ours,
      unlimited,
      isAskedTwice,
    };
    while (left > 0) {
      left -= 1;
      const asked = maker.next();
      const verdict = await judge(asked, bench);
      tally.count(pair.configuration.name, verdict);
      if (verdict.kind === 'unexplained') failures.push({ ...verdict, asked, configuration: pair.configuration, seed });
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return failures;
}
