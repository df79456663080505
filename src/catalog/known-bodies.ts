import { hash } from 'node:crypto';
import { knownOr } from './shared-rows.js';

/**
 * Remembers what the values at hand were decoded from: most answers that come when something has changed somewhere say
 * what the one before said, byte for byte, and a digest of them costs a tenth of decoding them.
 */
export class KnownBodies {
  readonly #digests = new WeakMap<object, string>();

  /** What the body says: `known` itself, if that says the same. */
  async decode<T extends object>(body: Buffer, known: T | undefined, decode: () => Promise<T>): Promise<T> {
    const digest = hash('sha256', body, 'base64');
    if (known !== undefined && this.#digests.get(known) === digest) return known;
    const value = knownOr(known, await decode());
    this.#digests.set(value, digest);
    return value;
  }
}
