import type { Clock } from '../clock.js';
import type { CatalogError } from './catalog-error.js';

export interface ConfidenceOptions {
  readonly clock: Clock;
  /** Called when `isVouching` or `isCutOff` changes. */
  readonly onTurn: () => void;
  /** Called when the backend answers again, with the time at which it was first found to be down. */
  readonly onBack: (downSince: number) => void;
}

/** While the backend is down, one read in this time may try it. */
const TRIAL_EVERY_MS = 1_000;

/** How far the rows of one datacenter can be trusted at this moment. */
export class Confidence {
  readonly #options: ConfidenceOptions;
  #isVouching = false;
  #vouchedUntil = 0;
  #downBy: CatalogError | undefined;
  #downSince = 0;
  #triedAt = 0;
  #isHoldingBack = false;

  constructor(options: ConfidenceOptions) {
    this.#options = options;
  }

  /** True while the aggregates tell of every change, so that rows nobody spoke of are as good as new. */
  get isVouching(): boolean {
    return this.#isVouching;
  }

  /** Until when that was so: now, while it is; 0 when it never was. */
  get vouchedUntil(): number {
    return this.#isVouching ? this.#options.clock.now() : this.#vouchedUntil;
  }

  /** What the backend's last failure was, as long as nothing succeeded since. */
  get downBy(): CatalogError | undefined {
    return this.#downBy;
  }

  /** True while nothing new can be had and nothing tells whether the old still holds. */
  get isCutOff(): boolean {
    return this.#downBy !== undefined && !this.#isVouching;
  }

  /** True while empty answers are suspected to be those of a token that may not see the rows (http-api A1.7). */
  get isHoldingBack(): boolean {
    return this.#isHoldingBack;
  }

  set isHoldingBack(isHoldingBack: boolean) {
    this.#isHoldingBack = isHoldingBack;
  }

  set isVouching(isVouching: boolean) {
    this.#update(() => {
      if (this.#isVouching) this.#vouchedUntil = this.#options.clock.now();
      this.#isVouching = isVouching;
    });
  }

  succeeded(): void {
    if (this.#downBy === undefined) return;
    this.#update(() => {
      this.#downBy = undefined;
    });
    this.#options.onBack(this.#downSince);
  }

  failed(error: CatalogError): void {
    if (this.#downBy === undefined) {
      this.#downSince = this.#options.clock.now();
      this.#triedAt = this.#downSince;
    }
    this.#update(() => {
      this.#downBy = error;
    });
  }

  /** Whether a read may be made now. While the backend is down a yes is the one trial of this second. */
  mayRead(): boolean {
    if (this.#downBy === undefined) return true;
    const now = this.#options.clock.now();
    if (now >= this.#triedAt && now - this.#triedAt < TRIAL_EVERY_MS) return false;
    this.#triedAt = now;
    return true;
  }

  #update(change: () => void): void {
    const { isCutOff, isVouching } = this;
    change();
    if (this.isCutOff !== isCutOff || this.isVouching !== isVouching) this.#options.onTurn();
  }
}
