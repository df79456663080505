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
type CredentialSettings = Pick<Config, FileSetting | 'token'>;

/** Reads the token and TLS files. Fails with a `ConfigError` that names each one that is of no use (H069, H072). */
export async function readCredentials(config: CredentialSettings, origins: Origins = {}): Promise<Credentials> {
  const { credentials, problems } = await inspectCredentials(config, origins);
  if (problems.length > 0) throw new ConfigError(problems);
  return credentials;
}

export interface Inspection {
  readonly credentials: Credentials;
  readonly problems: readonly ConfigProblem[];
}

/** Reads the same files, and gives what is wrong with them as a value. */
export async function inspectCredentials(config: CredentialSettings, origins: Origins): Promise<Inspection> {
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
  const ca = [
    ...((await read('caFile', readCertificates)) ?? []),
    ...((await read('caPath', readCertificateDir)) ?? []),
  ];
  const clientCert = (await read('clientCert', readCertificates))?.join('\n');
  const clientKey = await read('clientKey', (path) => readFile(path, 'utf8'));
  if (clientCert !== undefined && clientKey !== undefined) {
    try {
      createSecureContext({ cert: clientCert, key: clientKey });
    } catch (error) {
      refuse(
        'clientKey',
        `is not the key of "${config.clientCert}": ${error instanceof Error ? error.message : error}`,
      );
    }
  }
  return { credentials: { token, ca: ca.length > 0 ? ca : undefined, clientCert, clientKey }, problems };
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
