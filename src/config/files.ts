import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigProblem } from './config-error.js';
import { JsonSyntaxError, parseJson } from './json.js';
import type { ConfigDocument } from './sources.js';

export interface ConfigPaths {
  readonly dirs: readonly string[];
  readonly files: readonly string[];
}

export interface ConfigFiles {
  readonly documents: readonly ConfigDocument[];
  readonly problems: readonly ConfigProblem[];
}

/** Reads the JSON files directly in each directory in the order of their names, then the files named one by one. */
export async function readConfigFiles({ dirs, files }: ConfigPaths): Promise<ConfigFiles> {
  const documents: ConfigDocument[] = [];
  const problems: ConfigProblem[] = [];
  const attempt = async <T>(where: string, read: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await read();
    } catch (error) {
      problems.push({ code: 'bad-file', where, message: reasonFor(error) });
      return undefined;
    }
  };
  const found: string[] = [];
  for (const dir of dirs) found.push(...((await attempt(dir, () => configFilesIn(dir))) ?? []));
  for (const file of [...found, ...files]) {
    if (file.endsWith('.hcl')) {
      problems.push({ code: 'bad-file', where: file, message: NO_HCL });
      continue;
    }
    const document = await attempt(file, async () => ({ file, json: parseJson(await readText(file)) }));
    if (document !== undefined) documents.push(document);
  }
  return { documents, problems };
}

/** Consul's HCL, version 1, has no parser for Node that is kept up; every one of its keys has the same name in JSON. */
const NO_HCL =
  'cannot read HCL: write the same keys as JSON, for instance {"service": {"name": "web"}}, into a file *.json';

/** HCL files are listed as well: to pass over a file that Consul would obey is worse than to refuse it. */
async function configFilesIn(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && /\.(json|hcl)$/.test(entry.name))
    .map(({ name }) => join(dir, name))
    .sort();
}

/** A text file's content without the byte order mark that some editors put first. */
async function readText(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'is not a directory',
};

/** Why a file could not be read, for people. */
export function reasonFor(error: unknown): string {
  if (error instanceof JsonSyntaxError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return `cannot be read: ${REASONS[code] ?? error.message}`;
}
