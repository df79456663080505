import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { consulBinary } from '../support/real-consul.js';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs lines as people type them, in a folder of its own, where `consul` talks to the agent at `url`. */
export class Shell implements AsyncDisposable {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#env = env;
  }

  static async open(url: string): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), 'consul-shell-'));
    // The binary may be called otherwise, and lie outside PATH.
    if (consulBinary !== undefined) await symlink(consulBinary, join(folder, 'consul'));
    const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('CONSUL_'));
    return new Shell(folder, {
      ...Object.fromEntries(ours),
      PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
      // Without the .curlrc and .digrc of whoever runs the tests.
      HOME: folder,
      LC_ALL: 'C',
      CONSUL_HTTP_ADDR: new URL(url).host,
    });
  }

  write(file: string, content: string): Promise<void> {
    return writeFile(join(this.folder, file), content);
  }

  run(line: string): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.folder, env: this.#env, timeout: 15_000, killSignal: 'SIGKILL' } as const;
      const child = execFile('bash', ['-c', line], options, (error, stdout, stderr) => {
        // A code that is no number means that bash did not run to its end.
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ code: Number(error?.code ?? 0), stdout, stderr });
      });
      child.stdin?.end();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
