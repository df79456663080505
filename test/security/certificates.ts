import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../support/external.js';

export const openssl = findProgram('openssl');

const DAYS = ['-days', '2'];
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A folder of certificates: an authority, what it signed, and what signed itself. Each `NAME.pem` has its `NAME-key.pem`. */
export class Certificates implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** `ca`, `server` (for server.dc1.consul, 127.0.0.1 and localhost), `client`, and `alone`, signed by none but itself. */
  static async make(): Promise<Certificates> {
    const made = new Certificates(await mkdtemp(join(tmpdir(), 'certificates-')));
    await made.#signOneself('ca', 'DNS:ca.test');
    await made.#signOneself('alone', 'IP:127.0.0.1');
    await made.#sign('server', 'DNS:server.dc1.consul,DNS:localhost,IP:127.0.0.1');
    await made.#sign('client', 'DNS:client.dc1.consul');
    return made;
  }

  path(file: string): string {
    return join(this.folder, file);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  async #signOneself(name: string, altNames: string): Promise<void> {
    const files = ['-keyout', this.path(`${name}-key.pem`), '-out', this.path(`${name}.pem`)];
    await run([
      'req',
      '-x509',
      ...NEW_KEY,
      ...files,
      ...DAYS,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${altNames}`,
    ]);
  }

  async #sign(name: string, altNames: string): Promise<void> {
    const request = this.path(`${name}.csr`);
    const extensions = this.path(`${name}.ext`);
    await writeFile(extensions, `subjectAltName=${altNames}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    await run(['req', ...NEW_KEY, '-keyout', this.path(`${name}-key.pem`), '-out', request, '-subj', `/CN=${name}`]);
    const authority = ['-CA', this.path('ca.pem'), '-CAkey', this.path('ca-key.pem'), '-CAcreateserial'];
    const given = ['-in', request, '-extfile', extensions];
    await run(['x509', '-req', ...given, ...authority, ...DAYS, '-out', this.path(`${name}.pem`)]);
  }
}

async function run(args: readonly string[]): Promise<void> {
  await promisify(execFile)(openssl ?? 'openssl', args);
}
