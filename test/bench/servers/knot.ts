import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../support/external.js';
import { freePort } from '../../support/free-port.js';
import { Program } from './program.js';
import { type BenchServer, whenAnswering } from './server.js';

/** An authoritative server written in C with these zones, by name; undefined when this machine has none. */
export async function startKnot(
  qname: string,
  zones: Readonly<Record<string, string>>,
): Promise<BenchServer | undefined> {
  const path = findProgram('knotd');
  if (path === undefined) return undefined;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'bench-knot-'));
  for (const [name, text] of Object.entries(zones)) await writeFile(join(folder, `${name}.zone`), text);
  await writeFile(join(folder, 'knot.conf'), configFor(Object.keys(zones), folder, port));
  const server = await whenAnswering(new Program(path, ['-c', join(folder, 'knot.conf')]), qname, {
    name: 'Knot',
    port,
  });
  return {
    ...server,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function configFor(zones: readonly string[], folder: string, port: number): string {
  return `server:
    rundir: "${folder}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    udp-max-payload: 4096
database:
    storage: "${folder}"
template:
  - id: default
    storage: "${folder}"
    file: "%s.zone"
zone:
${zones.map((name) => `  - domain: ${name}\n`).join('')}`;
}
