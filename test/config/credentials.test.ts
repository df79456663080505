import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { inspectCredentials, readCredentials } from '../../src/config/credentials.js';
import { type Config, DEFAULT_CONFIG } from '../../src/config/settings.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/config/tls/${name}`, import.meta.url));
const CERT = fixture('client.pem');
const KEY = fixture('client-key.pem');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'consul-dnsd-credentials-'));
});
afterEach(() => rm(dir, { recursive: true }));

const read = (given: Partial<Config>) => readCredentials({ ...DEFAULT_CONFIG, ...given });

async function refusal(given: Partial<Config>): Promise<string> {
  const { problems } = await inspectCredentials({ ...DEFAULT_CONFIG, ...given }, { tokenFile: '--token-file' });
  return problems.map(({ where, message }) => `${where}: ${message}`).join('\n');
}

test('without files there is the token that was given, or none', async () => {
  expect(await read({})).toEqual({ token: undefined, ca: undefined, clientCert: undefined, clientKey: undefined });
  expect(await read({ token: 'abc' })).toMatchObject({ token: 'abc' });
});

test("a token file's content is trimmed (H068)", async () => {
  await writeFile(join(dir, 'token'), '  abc\n\n');
  expect(await read({ tokenFile: join(dir, 'token') })).toMatchObject({ token: 'abc' });
});

describe('what is of no use is named (H069, H072)', () => {
  test('a token file that is missing', async () => {
    expect(await refusal({ tokenFile: '/nowhere/token' })).toBe(
      '--token-file: "/nowhere/token" cannot be read: no such file or directory',
    );
  });

  test('a token file that is empty', async () => {
    await writeFile(join(dir, 'token'), '\n');
    expect(await refusal({ tokenFile: join(dir, 'token') })).toContain('the file is empty');
  });

  test('a CA file without a certificate', async () => {
    expect(await refusal({ caFile: KEY })).toContain('no PEM certificate in it');
  });

  test('a certificate that is damaged', async () => {
    const pem = (await readFile(CERT, 'utf8')).replace('MII', 'AAA');
    await writeFile(join(dir, 'bad.pem'), pem);
    expect(await refusal({ caFile: join(dir, 'bad.pem') })).toContain('bad.pem" cannot be read');
  });

  test('a CA directory without files', async () => {
    expect(await refusal({ caPath: dir })).toContain('no files in it');
  });

  test("another certificate's key", async () => {
    const message = await refusal({ clientCert: CERT, clientKey: fixture('other-key.pem') });
    expect(message).toContain(`other-key.pem" is not the key of "${CERT}"`);
  });

  test('all of them at once', async () => {
    const message = await refusal({ tokenFile: '/a', caFile: '/b', caPath: '/c', clientCert: '/d', clientKey: '/e' });
    expect(message.split('\n')).toHaveLength(5);
  });
});

test('certificates of a CA file and of all files in a CA directory are trusted together', async () => {
  const pem = (await readFile(CERT, 'utf8')).trim();
  await writeFile(join(dir, 'two.pem'), `# a comment\n${pem}\nsome text\n${pem}\n`);
  await mkdir(join(dir, 'sub'));
  const { ca } = await read({ caFile: CERT, caPath: dir });
  expect(ca).toEqual([pem, pem, pem]);
});

test('a certificate and its key are read', async () => {
  const { clientCert, clientKey } = await read({ clientCert: CERT, clientKey: KEY });
  expect(clientCert).toBe((await readFile(CERT, 'utf8')).trim());
  expect(clientKey).toBe(await readFile(KEY, 'utf8'));
});
