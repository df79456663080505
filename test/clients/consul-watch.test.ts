import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestAgent, type TestAgent } from '../agent/test-agent.js';
import { eventually } from '../support/eventually.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';
import { Shell } from './shell.js';

/** `consul watch` with a handler that prints one line for each thing it is told. */
class Watch implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  #printed = '';

  constructor(url: string, args: readonly string[]) {
    // The handler's input is one JSON document, which ends with a line or without.
    const line = [...['watch', `-http-addr=${url}`], ...args, 'tr -d "\\n"; echo'];
    this.#child = spawn(consulBinary ?? 'consul', line, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child.stdout.on('data', (text) => {
      this.#printed += text;
    });
  }

  /** Everything it was told so far, once that is as much as `count` times. */
  async told(count: number): Promise<unknown[]> {
    const lines = (): string[] => this.#printed.split('\n').slice(0, -1);
    await eventually(
      async () => lines(),
      ({ length }) => length >= count,
    );
    return lines().map((line) => JSON.parse(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

interface Row {
  readonly watch: string;
  /** What is done once the watch has told what there was. */
  readonly change: string;
  readonly before: unknown;
  readonly after: unknown;
}

const service = (port: number): unknown =>
  expect.objectContaining({ Service: expect.objectContaining({ Port: port }) });
const pair = (key: string, text: string): unknown =>
  expect.objectContaining({ Key: key, Value: Buffer.from(text).toString('base64') });
const check = (id: string, status: string): unknown => expect.objectContaining({ CheckID: id, Status: status });

/** In this order: each row finds what the one before left. */
const ROWS: readonly Row[] = [
  {
    watch: '-type=service -service=web',
    change: 'consul services register -name=web -port=81',
    before: [],
    after: [service(81)],
  },
  {
    watch: '-type=service -service=web -tag=v2 -passingonly=true',
    change: 'consul services register -name=web -port=82 -tag=v2',
    before: [],
    after: [service(82)],
  },
  {
    watch: '-type=services',
    change: 'consul services register -name=db',
    before: { consul: [], web: ['v2'] },
    after: { consul: [], db: [], web: ['v2'] },
  },
  {
    watch: '-type=nodes',
    change: `curl -s -X PUT -d '{"Node": "other", "Address": "127.0.0.9"}' $CONSUL_HTTP_ADDR/v1/catalog/register`,
    before: [expect.objectContaining({ Node: 'srv-1' })],
    after: [expect.objectContaining({ Node: 'other' }), expect.objectContaining({ Node: 'srv-1' })],
  },
  {
    watch: '-type=key -key=app/mode',
    change: 'consul kv put app/mode on',
    before: null,
    after: pair('app/mode', 'on'),
  },
  {
    watch: '-type=key -key=app/mode',
    change: 'consul kv put app/mode off',
    before: pair('app/mode', 'on'),
    after: pair('app/mode', 'off'),
  },
  {
    watch: '-type=keyprefix -prefix=app/',
    change: 'consul kv put app/name shop',
    before: [pair('app/mode', 'off')],
    after: [pair('app/mode', 'off'), pair('app/name', 'shop')],
  },
  {
    watch: '-type=checks',
    change: 'consul maint -enable',
    before: [check('serfHealth', 'passing')],
    after: [check('_node_maintenance', 'critical'), check('serfHealth', 'passing')],
  },
  {
    watch: '-type=checks -state=critical',
    change: 'consul maint -disable',
    before: [check('_node_maintenance', 'critical')],
    after: [],
  },
  {
    watch: '-type=checks -service=web',
    change: 'consul maint -enable -service=web',
    before: [],
    after: [check('_service_maintenance:web', 'critical')],
  },
  {
    watch: '-type=event -name=deploy',
    change: 'consul event -name=deploy 1.2.3',
    before: [],
    after: [expect.objectContaining({ Name: 'deploy', Payload: 'MS4yLjM=' })],
  },
];

describe.skipIf(consulBinary === undefined).each(['Consul 1.8.7', 'our agent'] as const)(
  `consul watch on %s${unlessMissing('consul', consulBinary)}`,
  (side) => {
    let agent: TestAgent | RealConsul;
    let shell: Shell;

    beforeAll(async () => {
      agent = side === 'our agent' ? await startTestAgent() : await RealConsul.start();
      shell = await Shell.open(agent.url);
    });
    afterAll(async () => {
      await shell?.[Symbol.asyncDispose]();
      await agent?.close();
    });

    test.each(ROWS)(
      'H149 $watch tells what there is, and again after $change',
      async ({ watch, change, before, after }) => {
        await using watching = new Watch(agent.url, watch.split(' '));
        expect(await watching.told(1)).toEqual([before]);
        expect(await shell.run(change)).toMatchObject({ code: 0 });
        expect(await watching.told(2)).toEqual([before, after]);
      },
    );
  },
);
