import type { AskedQuestion } from '../ask/asked.js';
import type { Reply, SentReply } from '../ask/reply.js';
import type { Configuration } from '../configurations.js';
import type { NameParts } from './name-parts.js';

/** A difference from Consul 1.8.7 that is listed, and thereby allowed. */
export interface Difference {
  /**
   * A row of differences.md (D8), or a row of dns-behaviour 20 and 22 that holds for current Consul and not for 1.8.7
   * (C084). C007 and C011 hold by their words; what 1.8.7 makes of broken packets is more than they say.
   */
  readonly row: string;
  readonly what: string;
}

/** A form of question that Consul 1.8.7 does not understand and we do: it is asked something else that means the same. */
export interface Equivalence extends Difference {
  /** The name to ask Consul 1.8.7 for, or the type; undefined where the row does not apply. */
  readonly instead: (
    exchange: Pick<Exchange, 'asked' | 'parts' | 'configuration'>,
  ) => Partial<AskedQuestion> | undefined;
}

/**
 * A place where our reply is another than Consul's.
 *
 * It does not say what to overlook: it makes, of Consul's reply, the one that ours has to be. All the rest of the two
 * replies still has to be equal, so that one allowed difference cannot hide another.
 */
export interface Allowance extends Difference {
  /** The reply that ours has to be; undefined where the row does not apply. */
  readonly expect: (theirs: SentReply, exchange: Exchange) => SentReply | undefined | Promise<SentReply | undefined>;
}

/** One question to both servers, and what is needed to say which reply ours should be. */
export interface Exchange {
  readonly asked: AskedQuestion;
  readonly parts: NameParts;
  readonly configuration: Configuration;
  /** What is wrong with the packet, if something is. */
  readonly flaw: string | undefined;
  /** The size that our OPT records tell. */
  readonly udpPayloadMaxBytes: number;
  /** Our reply. An allowance may look at it only to choose among replies that are all as good. */
  readonly ours: Reply;
  /** Asks Consul something else, in the words that it understands. */
  readonly askConsul: (other: Partial<AskedQuestion>) => Promise<Reply>;
}
