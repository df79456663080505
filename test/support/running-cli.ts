import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command, with nothing of our environment that could configure it. */
export class RunningCli implements AsyncDisposable {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    this.ended = once(child, 'close').then(([code]) => ({ code, stdout: this.#stdout, stderr: this.#stderr }));
  }

  get pid(): number {
    // It was spawned, or `ended` has rejected.
    return this.#child.pid ?? 0;
  }

  /** All of standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** All of standard output, once the pattern is in it. */
  printed(pattern: RegExp): Promise<string> {
    return this.#until(() => this.#stdout, pattern);
  }

  /** All of standard error, once the pattern is in it. */
  logged(pattern: RegExp): Promise<string> {
    return this.#until(() => this.#stderr, pattern);
  }

  async #until(output: () => string, pattern: RegExp): Promise<string> {
    const { stdout, stderr } = this.#child;
    while (!pattern.test(output())) {
      const more = [stdout, stderr].map((stream) => once(stream, 'data'));
      const event = await Promise.race([...more, this.ended]);
      if ('code' in event) throw new Error(`Ended with ${event.code} before printing ${pattern}: ${event.stderr}`);
    }
    return output();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.ended;
  }
}
