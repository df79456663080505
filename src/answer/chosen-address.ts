/** Which of its addresses an instance or a node is answered with (dns-behaviour 7). */
import type { Instance, Node } from '../catalog/model.js';
import { RecordType } from '../wire/constants.js';
import { formatIp, parseIp } from '../wire/ip.js';
import { equalNames } from '../wire/name.js';
import { nameFromText, type Place } from './place.js';

export interface IpText {
  readonly family: 4 | 6;
  /** In canonical text form. */
  readonly address: string;
}

export type ChosenAddress =
  /** `isNodes`: this is what a lookup of the node gives, so the node's name can stand for it. */
  | { readonly kind: 'ip'; readonly ip: IpText; readonly isNodes: boolean }
  | { readonly kind: 'host'; readonly target: string };

/** Question type, question name, and where the rows are from. */
export interface Asked {
  readonly type: number;
  readonly name: string;
  readonly place: Place;
}

/** Texts; an empty one means there is none. */
interface Candidates {
  readonly registered: string;
  readonly v4: string;
  readonly v6: string;
}

/**
 * An instance's own address, or its node's when it registered none: one of the other family is no reason to send clients
 * to the node, where the service need not listen. A host name that is the very name asked for stands for the node's IP
 * address.
 */
export function instanceAddress(instance: Instance, asked: Asked): ChosenAddress | undefined {
  const { address, taggedAddresses } = instance;
  const chosen = choose(
    candidates(address, (tag) => taggedAddresses[tag]?.address, asked.place),
    asked.type,
  );
  const own = classify(chosen);
  if (own?.kind === 'ip' || (own !== undefined && !equalNames(own.target, asked.name))) return own;
  const nodes = nodeAddress(instance.node, asked);
  return own === undefined || nodes?.kind === 'ip' ? nodes : own;
}

/** A node's address; of the other family when it has none for this type. */
export function nodeAddress(node: Node, asked: Asked): ChosenAddress | undefined {
  const tagged = (tag: string) => node.taggedAddresses[tag];
  const chosen = choose(candidates(node.address, tagged, asked.place), asked.type);
  const address = classify(chosen);
  if (address?.kind !== 'ip') return address;
  return {
    ...address,
    isNodes: chosen === (asked.place.isTranslated ? untranslated(node.address, tagged) : node.address),
  };
}

export function parseIpText(text: string): IpText | undefined {
  const ip = parseIp(text);
  return ip && { family: ip.family, address: formatIp(ip.bytes) };
}

function classify(text: string): ChosenAddress | undefined {
  if (text === '') return undefined;
  const ip = parseIpText(text);
  if (ip !== undefined) return { kind: 'ip', ip, isNodes: false };
  return { kind: 'host', target: nameFromText(text) };
}

function candidates(registered: string, tagged: (tag: string) => string | undefined, place: Place): Candidates {
  const lan = { registered, v4: tagged('lan_ipv4') ?? '', v6: tagged('lan_ipv6') ?? '' };
  if (!place.isTranslated) return lan;
  return {
    registered: tagged('wan') || untranslated(registered, tagged) || registered,
    v4: tagged('wan_ipv4') || lan.v4,
    v6: tagged('wan_ipv6') || lan.v6,
  };
}

function choose({ registered, v4, v6 }: Candidates, type: number): string {
  if (type === RecordType.A) return v4 || registered;
  if (type === RecordType.AAAA) return v6 || registered;
  return v6 || v4 || registered;
}

/**
 * The address as it was registered. An agent that translates gives rows of other datacenters with its choice for them
 * already in its place (dns-behaviour 18.5); then `lan` tells, which agents register with the same address. Undefined when
 * nothing tells.
 */
function untranslated(address: string, tagged: (tag: string) => string | undefined): string | undefined {
  const [v6, v4] = [tagged('wan_ipv6') || tagged('lan_ipv6'), tagged('wan_ipv4') || tagged('lan_ipv4')];
  if (address !== (v6 || v4 || tagged('wan'))) return address;
  const isWan = ['wan', 'wan_ipv4', 'wan_ipv6'].some((tag) => tagged(tag) === address);
  return tagged('lan') || (isWan ? undefined : address);
}
