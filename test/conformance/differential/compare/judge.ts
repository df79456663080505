import type { Asked } from '../ask/asked.js';
import { isBare, type Reply, withParts } from '../ask/reply.js';
import type { Difference } from './allowance.js';
import { BARE_FLAGS } from './allowances/all.js';
import { differences, isSame } from './canonical.js';
import { judgeCut, meet } from './chance.js';
import { type Bench, type Case, expectedFrom, questionIn } from './expectation.js';

export type Verdict =
  | { readonly kind: 'equal' }
  /** Both are parts of one whole, of the same size: chance alone tells them apart. */
  | { readonly kind: 'sample' }
  /** Consul differed from us once, and could not be brought to do it again. */
  | { readonly kind: 'hiccup' }
  | { readonly kind: 'allowed'; readonly reasons: readonly Difference[] }
  | { readonly kind: 'unexplained'; readonly theirs: Reply; readonly ours: Reply; readonly why: readonly string[] };

/** Asks both servers one question and says whether the replies are what they have to be. */
export async function judge(asked: Asked, bench: Bench): Promise<Verdict> {
  const theirs = await bench.theirs.ask(asked);
  const isPatient = theirs !== undefined;
  // The second time it may come from the compiled answers; which of the two is compared is left to the questions.
  if (bench.isAskedTwice()) await bench.ours.ask(asked, { isPatient });
  const ours = await bench.ours.ask(asked, { isPatient });
  if (theirs === undefined || isBare(theirs)) return judgeBare(theirs, ours);

  const one: Case = { bench, asked, question: questionIn(asked), ours };
  const { expected, reasons } = await expectedFrom(theirs, one);
  if (isSame(expected, ours)) return explained(reasons);
  const unexplained = { kind: 'unexplained', theirs, ours, why: differences(expected, ours) } as const;
  if (ours === undefined) return unexplained;
  const cut = await judgeCut(one, { expected, ours });
  switch (cut.kind) {
    case 'sample':
      return reasons.length === 0 ? cut : explained(reasons);
    case 'allowed':
      return explained([...reasons, cut.reason]);
    case 'broken':
      return { ...unexplained, why: [...cut.rules, ...unexplained.why] };
    case 'uncut': {
      const met = await meet(one, expected);
      switch (met.kind) {
        case 'met':
          return explained([...reasons, ...met.reasons]);
        case 'hiccup':
          return met;
        case 'apart':
          return unexplained;
      }
    }
  }
}

/** Replies that say next to nothing, or none. */
function judgeBare(theirs: Reply, ours: Reply): Verdict {
  const expected = theirs && withParts(theirs, { authenticData: false, truncated: false });
  if (!isSame(expected, ours) || isBare(theirs) !== isBare(ours)) {
    return { kind: 'unexplained', theirs, ours, why: differences(expected, ours) };
  }
  return explained(isSame(theirs, expected) ? [] : [BARE_FLAGS]);
}

function explained(reasons: readonly Difference[]): Verdict {
  return reasons.length === 0 ? { kind: 'equal' } : { kind: 'allowed', reasons: [...new Set(reasons)] };
}
