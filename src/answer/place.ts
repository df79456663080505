import { escapeLabel } from '../wire/name.js';
import type { AnswerPolicy } from './policy.js';

/** Where rows come from: what the names we make for them end in, and whose addresses they have. */
export interface Place {
  /** The zone that the names end in. */
  readonly zone: string;
  /** The datacenter that gave the rows; of no account for a peer. */
  readonly datacenter: string;
  readonly peer: string | undefined;
  /** Whether rows from here are to be reached by their WAN addresses (dns-behaviour 7.3). */
  readonly isTranslated: boolean;
}

export function placeOf(
  zone: string,
  { datacenter, peer }: { readonly datacenter: string; readonly peer: string | undefined },
  policy: AnswerPolicy,
): Place {
  const ours = datacenter.toLowerCase();
  const isForeign = peer !== undefined || ours !== policy.datacenter;
  return { zone, datacenter: ours, peer, isTranslated: policy.translateWanAddresses && isForeign };
}

/**
 * The name that a text with dots spells, such as a host name or a node's name. Letter case is kept. Texts that make no
 * name (empty or too long labels) come out as they are: the encoder finds them and leaves their record out.
 */
export function nameFromText(text: string): string {
  return `${(text.endsWith('.') ? text.slice(0, -1) : text).split('.').map(escapeLabel).join('.')}.`;
}

/** `NODE.node.DC.ZONE`, or `NODE.node.PEER.peer.ZONE`. */
export function nodeName(node: string, place: Place): string {
  return `${nameFromText(node)}node.${suffix(place)}`;
}

/** `SERVICE.service.DC.ZONE`; a dot in the service's name is part of its label, else it would read as a tag. */
export function serviceName(service: string, place: Place): string {
  return `${escapeLabel(service)}.service.${suffix(place)}`;
}

/** `HEX.addr.DC.ZONE`; such names mean the same everywhere, so those of peers have no suffix (dns-behaviour 6.2). */
export function addressName(hex: string, place: Place): string {
  return `${hex}.addr.${place.peer === undefined ? suffix(place) : place.zone}`;
}

function suffix({ zone, datacenter, peer }: Place): string {
  return peer === undefined ? `${escapeLabel(datacenter)}.${zone}` : `${escapeLabel(peer)}.peer.${zone}`;
}
