import { expect, test } from 'vitest';
import { fromValues } from '../../src/config/layer.js';
import { resolveConfig } from '../../src/config/resolve.js';
import type { Config } from '../../src/config/settings.js';
import { fromConsulJson } from '../../src/config/sources.js';
import { startTestServer, type TestServer } from '../support/server.js';

type Json = Readonly<Record<string, unknown>>;

/** A setting at one value, written as in a Consul agent's file, and what a client sees then. */
export interface SettingSide {
  /** A function for values that only the running test knows, such as ports. */
  readonly json: Json | (() => Json);
  /** The value in words, where `json` is a function. */
  readonly says?: string;
  readonly sees: unknown;
}

/** A setting that takes effect at the start and by a reload, in either direction. */
export interface SettingCase {
  readonly key: string;
  /** The section and rows of the specification. */
  readonly rows: string;
  readonly sides: readonly [SettingSide, SettingSide];
  readonly ask: (server: TestServer) => Promise<unknown>;
}

/** What a file with these keys comes to; on a free loopback port, unless it names one. */
export function configFrom(json: unknown, over: Partial<Config> = {}): Config {
  const file = fromConsulJson('serve', [{ file: 'dns.json', json }]);
  return resolveConfig([fromValues({ datacenter: 'dc1', dnsPort: 0 }), file, fromValues(over)]);
}

/** Starts with each side in turn and reloads with the other; what `ask` sees must follow. */
export function testSettings(cases: readonly SettingCase[], httpAddr: () => string): void {
  for (const { key, rows, sides, ask } of cases) {
    const [one, other] = sides;
    for (const { from, to } of [
      { from: one, to: other },
      { from: other, to: one },
    ]) {
      test(`${key}: ${textOf(from)}, reloaded with ${textOf(to)} (${rows})`, async () => {
        const configOf = ({ json }: SettingSide): Config =>
          configFrom(typeof json === 'function' ? json() : json, { httpAddr: [httpAddr()] });
        await using server = await startTestServer(httpAddr(), configOf(from));
        expect(await ask(server)).toEqual(from.sees);
        expect(await server.reload(configOf(to))).toEqual([]);
        expect(await ask(server)).toEqual(to.sees);
      });
    }
  }
}

function textOf({ json, says }: SettingSide): string {
  return says ?? JSON.stringify(json);
}
