import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfigFiles } from '../../src/config/files.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'consul-dnsd-files-'));
});
afterEach(() => rm(dir, { recursive: true }));

const write = (name: string, text: string): Promise<void> => writeFile(join(dir, name), text);

test('the JSON files directly in a directory are read by name, then the files named one by one', async () => {
  await write('20.json', '{"domain":"b"}');
  await write('10.json', '{"domain":"a"}');
  await write('notes.txt', 'not JSON');
  await write('one.conf', '{"domain":"c"}');
  await mkdir(join(dir, '00.json'));
  await mkdir(join(dir, 'sub'));
  await write('sub/99.json', '{"domain":"no"}');
  const read = await readConfigFiles({ dirs: [dir], files: [join(dir, 'one.conf')] });
  expect(read).toEqual({
    documents: [
      { file: join(dir, '10.json'), json: { domain: 'a' } },
      { file: join(dir, '20.json'), json: { domain: 'b' } },
      { file: join(dir, 'one.conf'), json: { domain: 'c' } },
    ],
    problems: [],
  });
});

test('a byte order mark is no part of the JSON', async () => {
  await write('a.json', '\uFEFF{}');
  expect((await readConfigFiles({ dirs: [dir], files: [] })).documents).toMatchObject([{ json: {} }]);
});

test('everything that cannot be read is named, with the place of a syntax error', async () => {
  await write('a.json', '{\n  "domain": "x",\n}');
  await write('b.hcl', 'domain = "x"');
  const { documents, problems } = await readConfigFiles({
    dirs: [join(dir, 'nowhere'), dir],
    files: [join(dir, 'gone.json'), dir, join(dir, 'a.json', 'x')],
  });
  expect(documents).toEqual([]);
  expect(problems.map(({ where, message }) => [where.slice(dir.length), message])).toEqual([
    ['/nowhere', 'cannot be read: no such file or directory'],
    ['/a.json', 'line 3, column 1: expected a key in double quotes, found "}"'],
    [
      '/b.hcl',
      'cannot read HCL: write the same keys as JSON, for instance {"service": {"name": "web"}}, into a file *.json',
    ],
    ['/gone.json', 'cannot be read: no such file or directory'],
    ['', 'cannot be read: is a directory'],
    ['/a.json/x', 'cannot be read: is not a directory'],
  ]);
});
