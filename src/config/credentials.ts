import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ConfigError, type ConfigProblem } from './config-error.js';
import { reasonFor } from './files.js';
import type { Origins } from './layer.js';
import type { Config } from './settings.js';

/** What the files that settings name hold. */
export interface Credentials {
  /** The ACL token; undefined asks anonymously. */
  readonly token: string | undefined;
  /** PEM texts of the authorities to trust in place of the system's. */
  readonly ca: readonly string[] | undefined;
  /** PEM texts of our certificate and its key, both or neither. */
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
}

type FileSetting = 'tokenFile' | 'caFile' | 'caPath' | 'clientCert' | 'clientKey';

/** Reads the token and TLS files. Fails with a `ConfigError` that names each one that is of no use (H069, H072). */
export async function readCredentials(
  config: Pick<Config, FileSetting | 'token'>,
  origins: Origins = {},
): Promise<Credentials> {
  const problems: ConfigProblem[] = [];
  const refuse = (name: FileSetting, reason: string): void => {
    problems.push({ code: 'bad-file', where: origins[name] ?? name, message: `"${config[name]}" ${reason}` });
  };
  const read = async <T>(name: FileSetting, reader: (path: string) => Promise<T>): Promise<T | undefined> => {
    const path = config[name];
    if (path === undefined) return undefined;
    try {
      return await reader(path);
    } catch (error) {
      refuse(name, reasonFor(error));
      return undefined;
    }
  };

  const token = (await read('tokenFile', readToken)) ?? config.token;
  const caFile = (await read('caFile', readCertificates)) ?? [];
  const caPath = (await read('caPath', readCertificateDir)) ?? [];
  const clientCert = await read('clientCert', readCertificates);
  const clientKey = await read('clientKey', (path) => readFile(path, 'utf8'));
  if (clientCert !== undefined && clientKey !== undefined) {
    try {
      createSecureContext({ cert: clientCert.join('\n'), key: clientKey });
    } catch (error) {
      refuse(
        'clientKey',
        `is not the key of "${config.clientCert}": ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const ca = [...caFile, ...caPath];
  return { token, ca: ca.length > 0 ? ca : undefined, clientCert: clientCert?.join('\n'), clientKey };
}

/** A token file's content, as Consul trims it. Fails when there is none. */
export async function readToken(path: string): Promise<string> {
  const token = (await readFile(path, 'utf8')).trim();
  if (token === '') throw new Error('the file is empty');
  return token;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

async function readCertificates(path: string): Promise<readonly string[]> {
  const certificates = (await readFile(path, 'utf8')).match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error('no PEM certificate in it');
  for (const certificate of certificates) new X509Certificate(certificate);
  return certificates;
}

/** All certificates in the files directly in a directory; there must be one. */
async function readCertificateDir(dir: string): Promise<readonly string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => join(dir, name));
  const certificates = await Promise.all(files.sort().map(readCertificates));
  if (certificates.length === 0) throw new Error('no files in it');
  return certificates.flat();
}
