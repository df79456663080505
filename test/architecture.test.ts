import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('..', import.meta.url).pathname;
const SRC = join(ROOT, 'src');

/**
 * Which folders a folder may import from, besides itself. Files directly in src/ stand under their own names.
 * `catalog/model` and the like allow one file of a folder.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  config: [],
  query: ['wire'],
  answer: ['wire', 'query', 'catalog/model', 'catalog/source'],
  catalog: ['query/lookup', 'clock', 'lifecycle', 'telemetry', 'wire'],
  compiled: ['wire', 'answer', 'query', 'catalog/source'],
  forward: ['wire', 'clock', 'lifecycle', 'telemetry'],
  responder: ['wire', 'query', 'answer', 'compiled', 'forward', 'catalog', 'clock', 'telemetry'],
  listen: ['wire', 'responder/respond', 'clock', 'lifecycle', 'telemetry'],
  admin: ['listen/listener', 'clock', 'lifecycle', 'telemetry'],
  telemetry: [],
  agent: ['clock', 'lifecycle', 'telemetry'],
};

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => relative(SRC, join(folder, path)).replaceAll('\\', '/'));
}

function importsOf(file: string): { readonly ours: string[]; readonly packages: string[] } {
  const text = readFileSync(join(SRC, file), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom '([^']+)';|^import '([^']+)';|\bimport\('([^']+)'\)/gm,
  );
  const targets = [...statements].map(([, from, bare, lazy]) => from ?? bare ?? lazy ?? '');
  const ours = targets.filter((target) => target.startsWith('.'));
  return {
    ours: ours.map((target) => posix.join(posix.dirname(file), target).replace(/\.js$/, '')),
    packages: targets.filter((target) => !target.startsWith('.')),
  };
}

const files = sourceFiles(SRC);

describe('imports follow the arrows', () => {
  test.each(files.filter((file) => file.includes('/')))('%s', (file) => {
    const folder = file.split('/')[0] ?? '';
    const allowed = ARROWS[folder];
    // workers/ and the like compose the others: they may import from any folder but the agent.
    const strays = importsOf(file).ours.filter((target) => {
      if (target.startsWith(`${folder}/`)) return false;
      if (allowed === undefined) return target.startsWith('agent/');
      return !allowed.some((arrow) => target === arrow || target.startsWith(`${arrow}/`));
    });
    expect(strays).toEqual([]);
  });

  test('serve knows nothing of the embedded agent', () => {
    expect(importsOf('serve.ts').ours.filter((target) => target.startsWith('agent/'))).toEqual([]);
  });
});

test('only index.ts re-exports', () => {
  const others = files.filter((file) => file !== 'index.ts');
  const barrels = others.filter((file) => /^export (\*|\{[^}]*\}) from/m.test(readFileSync(join(SRC, file), 'utf8')));
  expect(barrels).toEqual([]);
});

describe('the pure core', () => {
  const core = files.filter((file) => /^(wire|query|answer|compiled)\//.test(file));

  test.each(core)('%s touches no socket, clock, environment or package', (file) => {
    const text = readFileSync(join(SRC, file), 'utf8');
    const allowed = file.startsWith('compiled/') ? ['lru-cache', 'node:buffer'] : ['node:buffer'];
    expect(importsOf(file).packages.filter((name) => !allowed.includes(name))).toEqual([]);
    expect(text).not.toMatch(
      /\bDate\.now\(|\bnew Date\(|\bMath\.random\(|\bprocess\.|\bset(Timeout|Interval|Immediate)\(/,
    );
  });
});

test('every dependency is used, and every used package is a dependency', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const used = new Set(files.flatMap((file) => importsOf(file).packages).filter((name) => !name.startsWith('node:')));
  const packageNames = [...used].map((name) =>
    name
      .split('/')
      .slice(0, name.startsWith('@') ? 2 : 1)
      .join('/'),
  );
  expect([...new Set(packageNames)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
});
