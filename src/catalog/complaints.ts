import type { Clock } from '../clock.js';
import type { Log } from '../telemetry/log.js';
import type { CatalogError, CatalogErrorCode } from './catalog-error.js';

/** Trouble that nobody met for so long is over, and is worth a line when it comes again. */
const OVER_AFTER_MS = 120_000;

/** Says what keeps the backend's data away: once for each kind of trouble, not for each question that meets it. */
export class Complaints {
  readonly #metAt = new Map<CatalogErrorCode, number>();
  readonly #log: Log;
  readonly #clock: Clock;

  constructor({ log, clock }: { readonly log: Log; readonly clock: Clock }) {
    this.#log = log;
    this.#clock = clock;
  }

  /** To be told of every failure; the error's text is logged and must not hold a secret. */
  note({ code, message }: CatalogError): void {
    const now = this.#clock.now();
    const metAt = this.#metAt.get(code);
    this.#metAt.set(code, now);
    if (metAt === undefined || now - metAt >= OVER_AFTER_MS)
      this.#log.warn('cannot read from Consul', { code, error: message });
  }
}
