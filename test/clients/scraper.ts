import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { eventually } from '../support/eventually.js';
import { findProgram } from '../support/external.js';
import { freePort } from '../support/free-port.js';

/** A program that finds what it scrapes through Prometheus' `consul_sd_configs`. */
export interface ScraperKind {
  readonly name: string;
  /** Undefined where this machine has none. */
  readonly binary: string | undefined;
  readonly flags: (address: string) => readonly string[];
  /** What makes it look for changes sooner than every 30 seconds, where no flag does. */
  readonly discovery: Readonly<Record<string, unknown>>;
}

/** A target as it was found, before relabelling. */
export interface Target {
  readonly scrapePool: string;
  readonly discoveredLabels: Readonly<Record<string, string>>;
}

/** Two implementations of the same configuration, one with Consul's own client for Go and one without. */
export const SCRAPERS: readonly ScraperKind[] = [
  {
    name: 'Prometheus',
    binary: findPrometheus(),
    flags: (address) => ['--config.file=scrape.yml', '--storage.tsdb.path=data', `--web.listen-address=${address}`],
    discovery: { refresh_interval: '1s' },
  },
  {
    name: 'vmagent',
    binary: findProgram('vmagent'),
    flags: (address) => [
      ...['-promscrape.config=scrape.yml', '-promscrape.consulSDCheckInterval=1s', `-httpListenAddr=${address}`],
      // Nobody listens there: what was scraped is of no interest.
      ...['-remoteWrite.url=http://127.0.0.1:1', '-remoteWrite.tmpDataPath=data'],
    ],
    discovery: {},
  },
];

/** Debian 12 builds Prometheus without its clients of Consul, so that one on the path may be of no use. */
function findPrometheus(): string | undefined {
  const binary = process.env['PROMETHEUS_BIN'] ?? findProgram('prometheus');
  if (binary !== undefined && readFileSync(binary).includes('discovery/consul')) return binary;
  if (process.env['CI'] === 'true') throw new Error(`Cannot use "${binary}": it was built without Consul`);
  return undefined;
}

/** A running scraper: on a free loopback port, with its data in a temporary folder. */
export class Scraper implements AsyncDisposable {
  readonly #child: ChildProcessByStdio<null, null, Readable>;
  readonly #folder: string;
  readonly #address: string;

  private constructor(child: ChildProcessByStdio<null, null, Readable>, folder: string, address: string) {
    this.#child = child;
    this.#folder = folder;
    this.#address = address;
  }

  /** Resolves when it takes requests. */
  static async start({ name, binary, flags }: ScraperKind, config: unknown): Promise<Scraper> {
    const folder = await mkdtemp(join(tmpdir(), 'scraper-'));
    const address = `127.0.0.1:${await freePort()}`;
    // JSON is YAML as well.
    await writeFile(join(folder, 'scrape.yml'), JSON.stringify(config));
    const child = spawn(binary ?? name, flags(address), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    const scraper = new Scraper(child, folder, address);
    try {
      await scraper.#ready();
      return scraper;
    } catch (error) {
      await scraper[Symbol.asyncDispose]();
      throw error;
    }
  }

  async targets(): Promise<readonly Target[]> {
    const response = await fetch(`http://${this.#address}/api/v1/targets?state=active`);
    // The documented shape of Prometheus' API.
    const { data } = (await response.json()) as { readonly data: { readonly activeTargets: readonly Target[] } };
    return data.activeTargets;
  }

  async #ready(): Promise<void> {
    let log = '';
    this.#child.stderr.on('data', (text) => {
      log += text;
    });
    const isReady = (): Promise<boolean> =>
      this.targets().then(
        () => true,
        () => false,
      );
    if (await eventually(isReady, (ready) => ready || this.#child.exitCode !== null)) return;
    throw new Error(`Cannot start the scraper (exit code ${this.#child.exitCode}): ${log.slice(-2_000)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
