import type { Instance, NamedPort } from '../catalog/model.js';
import { RecordType } from '../wire/constants.js';
import { hexLabel } from '../wire/ip.js';
import { lowerName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/rdata.js';
import { typesBehind } from './address.js';
import { type ChosenAddress, instanceAddress } from './chosen-address.js';
import { type Chase, type RecordsOutcome, records } from './outcome.js';
import { addressName, nodeName, type Place } from './place.js';
import { addressRecord, type Owner, record } from './record.js';
import { metaRecords } from './txt.js';
import { weightOf } from './weight.js';

/** The only priority Consul knows. */
const PRIORITY = 1;

export interface SrvOptions {
  readonly owner: Owner;
  readonly place: Place;
  /** Which of a multi-port service's ports; undefined means the default one. */
  readonly portName: string | undefined;
  readonly limit: number;
  readonly withNodeMeta: boolean;
}

/** One SRV record per endpoint, with its target's addresses and its node's metadata beside (dns-behaviour 6.2, 6.3). */
export function srvAnswer(instances: readonly Instance[], options: SrvOptions): RecordsOutcome | undefined {
  const answer: ResourceRecord[] = [];
  const additional = new Additional();
  const seen = new Set<string>();
  for (const instance of instances) {
    if (answer.length >= options.limit) break;
    const endpoint = endpointOf(instance, options);
    if (endpoint === undefined) continue;
    // The same endpoint of the same node; or, of two nodes, the very same record (RFC 2181 section 5 wants it once).
    const { target, port, weight } = endpoint;
    const keys = [`node ${instance.node.name} ${port} ${target}`, `record ${weight} ${port} ${target}`].map(lowerName);
    if (keys.some((key) => seen.has(key))) continue;
    for (const key of keys) seen.add(key);
    answer.push(record(options.owner, { kind: 'SRV', priority: PRIORITY, weight, port, target }));
    additional.add(instance, endpoint, options);
  }
  return answer.length === 0 ? undefined : records({ answer, additional: additional.records, chase: additional.chase });
}

/** Whether the instance can be asked for by this port name; services with a single port cannot. */
export function hasPort({ ports }: Instance, portName: string): boolean {
  return findPort(ports, portName) !== undefined;
}

interface Endpoint {
  readonly address: ChosenAddress;
  readonly target: string;
  readonly port: number;
  readonly weight: number;
}

function endpointOf(instance: Instance, { owner, place, portName }: SrvOptions): Endpoint | undefined {
  const address = instanceAddress(instance, { type: RecordType.SRV, name: owner.name, place });
  if (address === undefined) return undefined;
  const target = targetOf(instance, address, place);
  return { address, target, port: portOf(instance, place, portName), weight: weightOf(instance) };
}

function targetOf(instance: Instance, address: ChosenAddress, place: Place): string {
  if (address.kind === 'host') return address.target;
  // Never undefined for an IP address.
  const hex = hexLabel(address.ip.address);
  return address.isNodes || hex === undefined ? nodeName(instance.node.name, place) : addressName(hex, place);
}

function portOf({ port, ports, taggedAddresses }: Instance, place: Place, portName: string | undefined): number {
  if (portName !== undefined) return findPort(ports, portName)?.port ?? port;
  const wanPort = place.isTranslated ? taggedAddresses['wan']?.port : undefined;
  const defaultPort = ports.find(({ isDefault }) => isDefault) ?? ports[0];
  // Multi-port services are registered with port 0.
  return wanPort || port || (defaultPort?.port ?? 0);
}

function findPort(ports: readonly NamedPort[], portName: string): NamedPort | undefined {
  return ports.find(({ name }) => name.toLowerCase() === portName);
}

/** The additional section as it grows: nothing stands in it twice. */
class Additional {
  readonly records: ResourceRecord[] = [];
  readonly chase: Chase[] = [];
  readonly #seen = new Set<string>();

  add({ node }: Instance, { address, target }: Endpoint, { owner, place, withNodeMeta }: SrvOptions): void {
    const { ttlSeconds } = owner;
    if (address.kind === 'ip') {
      if (this.#isNew(`${target} ${address.ip.address}`)) {
        this.records.push(addressRecord({ name: target, ttlSeconds }, address.ip));
      }
    } else if (this.#isNew(target)) {
      const types = typesBehind(RecordType.SRV);
      this.chase.push({ target, types, into: 'additional', serviceTtlSeconds: ttlSeconds });
    }
    const name = nodeName(node.name, place);
    if (withNodeMeta && this.#isNew(`TXT ${name}`))
      this.records.push(...metaRecords({ name, ttlSeconds }, [node.meta]));
  }

  #isNew(key: string): boolean {
    const lower = lowerName(key);
    if (this.#seen.has(lower)) return false;
    this.#seen.add(lower);
    return true;
  }
}
