import { expect, test } from 'vitest';
import { ConfigError } from '../../src/config/config-error.js';
import { loadConfig } from '../../src/config/load.js';
import { findRecursors } from '../../src/config/recursor-names.js';

const KNOWN: Readonly<Record<string, readonly string[]>> = {
  'dns.example': ['192.0.2.53', '2001:db8::53'],
  'six.example': ['2001:DB8::53'],
  'any.example': ['0.0.0.0'],
};

async function lookUp(host: string): Promise<readonly string[]> {
  const found = KNOWN[host];
  if (found === undefined) throw new Error('ENOTFOUND');
  return found;
}

test('14.7: a recursor that is given by its host name has the first address of that name', async () => {
  const given = [
    { host: 'dns.example', port: 5353 },
    { host: '198.51.100.1', port: 53 },
    { host: 'six.example', port: 53 },
    { host: '192.0.2.53', port: 5353 },
  ];
  expect(await findRecursors(given, {}, lookUp)).toEqual({
    recursors: [
      { host: '192.0.2.53', port: 5353 },
      { host: '198.51.100.1', port: 53 },
      { host: '2001:db8::53', port: 53 },
    ],
    problems: [],
  });
});

test.each(['nope.example', 'any.example'])('a name without a usable address is a mistake: %s', async (host) => {
  const { recursors, problems } = await findRecursors([{ host, port: 53 }], { recursors: '--recursor' }, lookUp);
  expect(recursors).toEqual([]);
  expect(problems).toEqual([
    { code: 'bad-value', where: '--recursor', message: `"${host}" has no address that the system knows` },
  ]);
});

test('the configuration that is loaded has addresses alone, or fails', async () => {
  const load = (recursor: string) =>
    loadConfig({ command: 'serve', flags: new Map([['--recursor', [recursor]]]), env: {} });
  const { config } = await load('localhost:5353');
  expect(config.recursors).toEqual([{ host: expect.stringMatching(/^(127\.0\.0\.1|::1)$/), port: 5353 }]);
  await expect(load('nobody.invalid')).rejects.toBeInstanceOf(ConfigError);
});
