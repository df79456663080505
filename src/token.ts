import { stat } from 'node:fs/promises';
import type { Clock } from './clock.js';
import { readToken } from './config/credentials.js';
import { reasonFor } from './config/files.js';
import type { Config } from './config/settings.js';
import type { Closable } from './lifecycle.js';
import type { Log } from './telemetry/log.js';

export type TokenSettings = Pick<Config, 'token' | 'tokenFile'>;

export interface TokenDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Called when there is another token than before. */
  readonly onChange: () => void;
}

/** Looking at a file costs nothing; nobody waits longer than this for a token that somebody has put there. */
const LOOK_EVERY_MS = 5_000;

/**
 * The ACL token: as given, or out of a file that is read again when it changes, as programs that renew tokens expect.
 *
 * Not by watching for events: those are lost on some file systems, and when a link is turned to another file. A file that
 * cannot be read leaves the token that there is.
 */
export class Token implements Closable {
  readonly #deps: TokenDeps;
  readonly #closing = new AbortController();
  #settings: TokenSettings;
  #value: string | undefined;
  /** Which state of which file the value is out of. */
  #seen: string | undefined;
  #trouble: string | undefined;
  #reading: Promise<void> = Promise.resolve();
  #looking: Promise<void> | undefined;

  /** `value` is what the file held when the configuration was read. */
  constructor(settings: TokenSettings, value: string | undefined, deps: TokenDeps) {
    this.#settings = settings;
    this.#value = value ?? settings.token;
    this.#deps = deps;
    this.#look();
  }

  get value(): string | undefined {
    return this.#value;
  }

  /** Goes on with other settings, and reads the file in any case. */
  update(settings: TokenSettings): Promise<void> {
    this.#settings = settings;
    this.#seen = undefined;
    this.#look();
    return this.refresh();
  }

  /** Reads the file if it is not the one that was read last. Never rejects. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read());
    return this.#reading;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#looking, this.#reading]);
  }

  #look(): void {
    if (this.#settings.tokenFile !== undefined) this.#looking ??= this.#lookOn();
  }

  async #lookOn(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#deps.clock.sleep(LOOK_EVERY_MS, { signal }).catch(() => {});
      if (!signal.aborted) await this.refresh();
    }
  }

  async #read(): Promise<void> {
    const { token, tokenFile } = this.#settings;
    if (tokenFile === undefined) return this.#take(token);
    try {
      const { mtimeMs, ctimeMs, ino, size } = await stat(tokenFile);
      const state = `${tokenFile} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      if (state === this.#seen) return;
      const found = await readToken(tokenFile);
      this.#seen = state;
      this.#trouble = undefined;
      this.#take(found);
    } catch (error) {
      this.#complain(tokenFile, reasonFor(error));
    }
  }

  #take(value: string | undefined): void {
    if (value === this.#value) return;
    this.#value = value;
    this.#deps.log.info('token replaced');
    this.#deps.onChange();
  }

  #complain(tokenFile: string, reason: string): void {
    if (reason === this.#trouble) return;
    this.#trouble = reason;
    this.#deps.log.warn('token file not read again', { tokenFile, reason });
  }
}
