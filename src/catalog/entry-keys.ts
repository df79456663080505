import type { InstanceView } from './client.js';

export interface ServiceRead {
  readonly view: InstanceView;
  /** In lower case. */
  readonly service: string;
  readonly peer: string | undefined;
}

/** What the rows of one datacenter are called by all that depends on them; no two have the same name. */
export class EntryKeys {
  /** What everything depends on that is read there: announced when rows turn stale, or good again. */
  readonly backend: string;
  /** Of what is known about whose an address is. */
  readonly reverse: string;
  readonly #datacenter: string;

  /** By the datacenter's name in lower case. */
  constructor(datacenter: string) {
    this.#datacenter = datacenter;
    this.backend = `backend/${datacenter}`;
    this.reverse = `reverse/${datacenter}`;
  }

  service({ view, service, peer }: ServiceRead): string {
    return this.#key(view, service, peer);
  }

  /** Of a service as the list of all services has it. */
  listed(service: string): string {
    return this.#key('service', service, undefined);
  }

  node(name: string, peer: string | undefined): string {
    return this.#key('node', name, peer);
  }

  /** The part before the first slash tells peers apart, for it cannot hold one. */
  #key(kind: string, name: string, peer: string | undefined): string {
    return `${peer === undefined ? kind : `${kind}@${encodeURIComponent(peer)}`}/${this.#datacenter}/${name}`;
  }
}
