import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program of the benchmark's, ended with it. */
export class Program implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = '';

  constructor(path: string, args: readonly string[]) {
    this.#name = path;
    this.#child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    if (this.#child.pid === undefined) throw new Error(`Cannot start ${path}`);
    this.pid = this.#child.pid;
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (text) => (this.#output += text));
  }

  /** Throws when the program is not running any more. */
  assertAlive(): void {
    if (!this.#hasEnded()) return;
    throw new Error(`Cannot go on: ${this.#name} has ended, saying "${this.#output.slice(-1_000)}"`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded()) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
