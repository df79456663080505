import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { type Comparable, Side } from './differential/compare.js';
import { FILTERED_SERVICE, FILTERS } from './differential/filters.js';
import { SCENARIOS } from './differential/requests.js';
import { startTestAgent, type TestAgent } from './test-agent.js';

/** A real agent carries its registrations into the catalog a moment later. */
const SETTLE_MS = 3000;

describe.skipIf(consulBinary === undefined)(
  `the same requests to Consul 1.8.7 and to ours${unlessMissing('consul', consulBinary)}`,
  () => {
    let consul: RealConsul;
    let agent: TestAgent;

    beforeAll(async () => {
      consul = await RealConsul.start({ config: { enable_script_checks: true } });
      agent = await startTestAgent();
    });

    afterAll(async () => {
      await agent?.close();
      await consul?.close();
    });

    test.each(SCENARIOS)('$title', async ({ lines }) => {
      const [theirs, ours] = [new Side(consul.url), new Side(agent.url)];
      for (const entry of lines) {
        const { line, differs } = typeof entry === 'string' ? { line: entry, differs: undefined } : entry;
        const { expected, actual } = await compare(line, theirs, ours, differs === undefined);
        const shown = line.slice(0, 300);
        if (differs === undefined) expect.soft({ line: shown, ...actual }).toEqual({ line: shown, ...expected });
        else expect.soft({ line: shown, ...actual }, differs).not.toEqual({ line: shown, ...expected });
      }
    });

    test('H137 B2.1 filters', async () => {
      const [theirs, ours] = [new Side(consul.url), new Side(agent.url)];
      await compare(`PUT /v1/agent/service/register ${FILTERED_SERVICE}`, theirs, ours);
      for (const filter of ['', ...FILTERS]) {
        const line = `GET /v1/health/service/fweb?filter=${encodeURIComponent(filter)}`;
        const { expected, actual } = await compare(line, theirs, ours);
        expect.soft({ filter, ...actual }).toEqual({ filter, ...expected });
      }
      await compare('PUT /v1/agent/service/deregister/fweb', theirs, ours);
    });
  },
  120_000,
);

interface Pair {
  readonly expected: Comparable;
  readonly actual: Comparable;
}

/** Sends a line to both. Reads are repeated for a while until they agree; writes are sent once. */
async function compare(line: string, theirs: Side, ours: Side, settles = true): Promise<Pair> {
  const deadline = Date.now() + (settles ? SETTLE_MS : 0);
  for (;;) {
    const pair = { expected: await theirs.send(line), actual: await ours.send(line) };
    const isEqual = JSON.stringify(pair.expected) === JSON.stringify(pair.actual);
    if (isEqual || !line.startsWith('GET') || pair.actual.status !== 200 || Date.now() > deadline) return pair;
  }
}
