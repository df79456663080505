import type { Thresholds } from '../registration/check.js';
import type { CheckResult } from './result.js';

/**
 * Keeps a check that flaps from changing its status with every result (http-api B5): a result counts when enough of
 * its kind came in a row. The first one always counts.
 */
export class StatusDamper {
  readonly #thresholds: Thresholds;
  #isFirst = true;
  #successes = 0;
  #failures = 0;

  constructor(thresholds: Thresholds) {
    this.#thresholds = thresholds;
  }

  /** The status that is to be shown now; undefined leaves everything as it is. */
  take({ status }: CheckResult): CheckResult['status'] | undefined {
    const { passing, warning, critical } = this.#thresholds;
    this.#successes = status === 'passing' ? this.#successes + 1 : 0;
    this.#failures = status === 'passing' ? 0 : this.#failures + 1;
    if (this.#isFirst) {
      this.#isFirst = false;
      return status;
    }
    if (status === 'passing') return this.#successes >= passing ? status : undefined;
    if (status === 'critical' && this.#failures >= critical) return status;
    return this.#failures >= warning ? 'warning' : undefined;
  }
}
