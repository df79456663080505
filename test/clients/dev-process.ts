import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, RunningCli } from '../support/running-cli.js';

/** The built command as `agent -dev` with a folder of definition files, the way Consul's tutorials start Consul. */
export class DevProcess implements AsyncDisposable {
  readonly folder: string;
  readonly url: string;
  readonly dnsPort: number;
  readonly #cli: RunningCli;

  private constructor(cli: RunningCli, folder: string, ready: string) {
    this.#cli = cli;
    this.folder = folder;
    this.dnsPort = Number(/ on 127\.0\.0\.1:(\d+) /.exec(ready)?.[1]);
    this.url = /HTTP API on (\S+)/.exec(ready)?.[1] ?? '';
  }

  /** Resolves when it has said that it is ready. */
  static async start(files: Readonly<Record<string, string>>, args: readonly string[] = []): Promise<DevProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'consul.d-'));
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
    const cli = new RunningCli([
      ...['agent', '-dev', `-config-dir=${folder}`, '-node=box', '-http-port=0', '-dns-port=0', '-log-json'],
      ...args,
    ]);
    try {
      return new DevProcess(cli, folder, await cli.printed(/HTTP API on \S+\n/));
    } catch (error) {
      await cli[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  get ended(): Promise<Ended> {
    return this.#cli.ended;
  }

  logged(pattern: RegExp): Promise<string> {
    return this.#cli.logged(pattern);
  }

  hangUp(): void {
    this.#cli.kill('SIGHUP');
  }

  write(file: string, content: string): Promise<void> {
    return writeFile(join(this.folder, file), content);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cli[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}
