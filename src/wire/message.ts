import type { Edns } from './edns.js';
import type { ResourceRecord } from './rdata.js';

export interface Question {
  /** In presentation format with its letter case as asked, for instance `Web.service.consul.` */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A DNS message (RFC 1035 section 4), its OPT record taken out of the additional section (RFC 6891). */
export interface Message {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** All twelve bits: the upper eight travel in the OPT record (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answer: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
}
