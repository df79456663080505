import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { type Comparable, Side } from './differential/compare.js';
import { type Mutant, mutants } from './differential/mutations.js';
import { TRACES, VALID_BODIES } from './differential/valid-bodies.js';
import { get } from './exchange.js';
import { startTestAgent, type TestAgent } from './test-agent.js';

/** The same requests in every run, unless others are asked for: FUZZ_SEED=7 FUZZ_RUNS=5000. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 500);
/** A real agent carries its registrations into the catalog a moment later. */
const SETTLE_MS = 3000;

interface Explanation {
  readonly why: string;
  readonly holds: (mutant: Mutant, theirs: Comparable | undefined, ours: Comparable) => boolean;
}

const EXPLAINED: readonly Explanation[] = [
  {
    why: 'B10: null among checks is refused; 1.8.7 drops the connection',
    holds: ({ body }, theirs, ours) => theirs === undefined && ours.status === 400 && /"Checks":\[null\]/i.test(body),
  },
  {
    why: 'B3: every field of a registration may be written in snake_case; 1.8.7 knows some that way',
    holds: (_, theirs) => /json: unknown field "[a-z]+_[a-z_]+"/.test(String(theirs?.body)),
  },
  {
    why: 'B4: check/register takes CheckID for ID, as it is called everywhere else',
    holds: (_, theirs) => /json: unknown field "check_?id"/i.test(String(theirs?.body)),
  },
  {
    why: 'B8: null leaves the default alone, 1.8.7 then binds a session to no check',
    holds: ({ body }) => /"NodeChecks":(?:null|\[null\])/i.test(body),
  },
  {
    why: 'B8: a negative lock delay is none; 1.8.7 multiplies it until it overflows',
    holds: ({ body }) => /"LockDelay":"?-/i.test(body),
  },
  {
    why: 'B8: a value is base64; Go takes a list of numbers for bytes as well',
    holds: ({ body }) => /"Value":\[/i.test(body),
  },
];

describe.skipIf(consulBinary === undefined)(
  `writes with something wrong in them, to Consul 1.8.7 and to ours${unlessMissing('consul', consulBinary)}`,
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

    test(`H092 H106 H118 H131 ${RUNS} of them have the same answer and leave the same behind`, async () => {
      const [theirs, ours] = [new Side(consul.url), new Side(agent.url)];
      const differences: string[] = [];
      for (const mutant of fc.sample(mutants(VALID_BODIES), { seed: SEED, numRuns: RUNS })) {
        const line = `${mutant.request} ${mutant.body}`;
        // A server that hangs up has answered nothing.
        const expected = await theirs.send(line).catch(() => undefined);
        const actual = await ours.send(line);
        const traces = TRACES[mutant.request.split('/')[2] ?? ''] ?? [];
        const isEqual = areEqual(expected, actual);
        const left = isEqual ? await differentTraces(traces, theirs, ours) : [];
        const isExplained = EXPLAINED.some(({ holds }) => holds(mutant, expected, actual));
        if (!isExplained && !isEqual) differences.push([line, ...[expected, actual].map(shown)].join('\n'));
        if (!isExplained && left.length > 0) differences.push([line, ...left].join('\n'));
        await Promise.all([wipe(theirs, consul.url), wipe(ours, agent.url)]);
      }
      expect(differences).toEqual([]);
    }, 600_000);
  },
);

function areEqual(expected: Comparable | undefined, actual: Comparable): boolean {
  return expected?.status === actual.status && JSON.stringify(expected.body) === JSON.stringify(actual.body);
}

/** An answer in one line. */
function shown(answer: Comparable | undefined): string {
  return answer === undefined ? 'hung up' : `${answer.status} ${String(answer.body).replace(/\s+/g, ' ')}`;
}

/** What reads of these paths show when it is not the same on both sides. */
async function differentTraces(paths: readonly string[], theirs: Side, ours: Side): Promise<readonly string[]> {
  const different: string[] = [];
  for (const path of paths) {
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      const [expected, actual] = await Promise.all([theirs.send(`GET ${path}`), ours.send(`GET ${path}`)]);
      if (areEqual(expected, actual)) break;
      if (Date.now() < deadline) continue;
      different.push(path, ...[expected, actual].map(shown));
      break;
    }
  }
  return different;
}

/** Takes away whatever a write has left. */
async function wipe(side: Side, url: string): Promise<void> {
  const keys = async (path: string): Promise<readonly string[]> => Object.keys((await get(url, path)) as object);
  const field = async (path: string, name: string): Promise<readonly string[]> =>
    ((await get(url, path)) as readonly Readonly<Record<string, string>>[]).map((row) => row[name] ?? '');
  for (const id of await keys('/v1/agent/services'))
    await side.send(`PUT /v1/agent/service/deregister/${encodeURIComponent(id)}`);
  for (const id of await keys('/v1/agent/checks'))
    await side.send(`PUT /v1/agent/check/deregister/${encodeURIComponent(id)}`);
  for (const name of await field('/v1/catalog/nodes', 'Node')) {
    if (name !== 'srv-1') await side.send(`PUT /v1/catalog/deregister ${JSON.stringify({ Node: name })}`);
  }
  for (const id of await field('/v1/query', 'ID')) await side.send(`DELETE /v1/query/${id}`);
  for (const id of await field('/v1/session/list', 'ID')) await side.send(`PUT /v1/session/destroy/${id}`);
  await side.send('DELETE /v1/kv/?recurse');
}
