import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askTcp, askUdp, question, type ServerAddress } from '../../support/client.js';
import { unlessMissing } from '../../support/external.js';
import { consulBinary } from '../../support/real-consul.js';
import { subnetOption } from './ask/asked.js';
import { recordLine } from './compare/canonical.js';
import { CONFIGURATIONS } from './configurations.js';
import { type Failure, formatFailure, Tally } from './report.js';
import { comparePair } from './run.js';
import { World } from './world.js';

/** `npm run conformance`; otherwise a short run of one seed. */
const isLong = process.env['CONFORMANCE'] === 'long';
const SEEDS = (process.env['CONFORMANCE_SEEDS'] ?? (isLong ? '1,2,3' : '1')).split(',').map(Number);
/** For each configuration and each seed. */
const QUESTIONS = Number(process.env['CONFORMANCE_QUESTIONS'] ?? (isLong ? 1_000 : 200));
const SHOWN_FAILURES = 20;

/** What Consul cannot encode and therefore never answers, and what is left without it; our part of the reply over TCP. */
const UNENCODABLE = [
  {
    asked: 'wordy.node.consul',
    type: 'TXT',
    left: [`wordy.node.consul. 0 IN TXT "note=${'x'.repeat(250)}" "${'x'.repeat(50)}"`],
    why: 'strings of more than 255 bytes',
  },
  {
    asked: 'on-wordy.service.consul',
    type: 'SRV',
    left: [
      'on-wordy.service.consul. 0 IN SRV 1 1 80 wordy.node.dc1.consul.',
      'wordy.node.dc1.consul. 0 IN A 10.25.0.1',
      `wordy.node.dc1.consul. 0 IN TXT "note=${'x'.repeat(250)}" "${'x'.repeat(50)}"`,
    ],
    why: 'the same as additional record',
  },
  {
    asked: 'on-long-names.service.consul',
    type: 'SRV',
    left: [
      'n-1.node.dc1.consul. 0 IN A 10.20.0.2',
      'on-long-names.service.consul. 0 IN SRV 1 1 80 n-1.node.dc1.consul.',
    ],
    why: 'labels of more than 63 bytes',
  },
] as const;

describe.skipIf(consulBinary === undefined)(
  `the same questions to Consul and to us${unlessMissing('consul', consulBinary)}`,
  () => {
    let world: World;
    const tally = new Tally();

    beforeAll(async () => {
      world = await World.start(CONFIGURATIONS);
    }, 120_000);
    afterAll(async () => {
      await world?.[Symbol.asyncDispose]();
      if (!isLong) return;
      console.log(`${tally.format()}\nseeds ${SEEDS.join(', ')}: ${tally.questions} questions`);
    });

    test.each(CONFIGURATIONS)(
      `get the same answers, but for the differences we list: $name, seeds ${SEEDS.join(', ')}`,
      async ({ name }) => {
        const pair = world.pairs.find(({ configuration }) => configuration.name === name);
        if (pair === undefined) throw new Error(`Cannot compare: no servers for "${name}"`);
        const failures: Failure[] = [];
        for (const seed of SEEDS) failures.push(...(await comparePair(pair, { seed, questions: QUESTIONS }, tally)));
        const shown = failures.slice(0, SHOWN_FAILURES).map(formatFailure).join('\n');
        expect(failures.length, `${failures.length} unexplained differences\n\n${shown}`).toBe(0);
      },
      600_000,
    );

    test.each([
      { query: 'q-near-node', from: undefined, nearest: 'n-5' },
      { query: 'q-near-ip', from: [10, 20, 0, 6], nearest: 'n-5' },
      { query: 'q-near-ip', from: [10, 20, 0, 3], nearest: 'n-2' },
    ])('$query comes in the order of distance from $nearest, client subnet $from (C079, C080)', async (row) => {
      const { theirs, ours } = world.pairs[0]!; // CONFIGURATIONS is not empty
      const edns = row.from && { options: [subnetOption(row.from, { prefix: 32 })] };
      const orderOf = async (server: ServerAddress): Promise<readonly string[]> => {
        const asked = question(`${row.query}.query.consul`, 'SRV', edns === undefined ? {} : { edns });
        return (await askTcp(server, asked)).answer.map(recordLine);
      };
      const order = await orderOf(theirs);
      expect(order).toHaveLength(8);
      expect(order[0]).toMatch(` ${row.nearest}.node.dc1.consul.`);
      for (let times = 0; times < 5; times += 1) {
        expect(await orderOf(theirs)).toEqual(order);
        expect(await orderOf(ours)).toEqual(order);
      }
    });

    test.each(UNENCODABLE)('$asked $type is answered where Consul says nothing: $why (D19, C022)', async (row) => {
      const { theirs, ours } = world.pairs[0]!; // CONFIGURATIONS is not empty
      await expect(askUdp(theirs, question(row.asked, row.type), { withinMs: 500 })).rejects.toThrow('none within');
      const { rcode, answer, additional } = await askTcp(ours, question(row.asked, row.type));
      expect(rcode).toBe(0);
      expect([...answer, ...additional].map(recordLine).sort()).toEqual(row.left);
    });
  },
);
