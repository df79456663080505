import type { Closable } from '../../src/lifecycle.js';
import { startTestAgent } from '../agent/test-agent.js';
import { unlessMissing } from '../support/external.js';
import { consulBinary, RealConsul } from '../support/real-consul.js';

/** An agent that a client library is put to. What holds for both holds because it is Consul's own behaviour. */
export interface Side {
  readonly title: string;
  readonly isOurs: boolean;
  readonly isMissing: boolean;
  readonly start: () => Promise<Closable & { readonly url: string }>;
}

export const SIDES: readonly Side[] = [
  {
    title: `Consul 1.8.7${unlessMissing('consul', consulBinary)}`,
    isOurs: false,
    isMissing: consulBinary === undefined,
    start: () => RealConsul.start(),
  },
  { title: 'our agent', isOurs: true, isMissing: false, start: () => startTestAgent() },
];
