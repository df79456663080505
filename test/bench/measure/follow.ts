import { setTimeout as delay, setImmediate as yieldOnce } from 'node:timers/promises';
import type { RealConsul } from '../../support/real-consul.js';
import { Lookup } from '../ask/lookup.js';
import type { CatalogApi } from '../catalog/api.js';
import { type BenchService, qnameOf } from '../catalog/service.js';
import type { BenchServer } from '../servers/server.js';

/** One change in the catalog, in milliseconds since it was sent to Consul. */
export interface Followed {
  /** Until a blocking query of ours ended. Those of the server end at about the same moment. */
  readonly toldMs: number;
  /** Until the first answer that shows it; in the order of the servers. */
  readonly shownMs: readonly number[];
}

export interface FollowParts {
  readonly consul: RealConsul;
  readonly api: CatalogApi;
  readonly servers: readonly BenchServer[];
}

export interface FollowOptions {
  readonly seconds: number;
  /** How many changes are followed at a time. */
  readonly lanes: number;
  readonly pauseMs: number;
}

const GIVE_UP_MS = 20_000;
/** A server that has not shown a change for so long is asked again after this part of that time. */
const PATIENCE = 0.05;

/** Takes the last instance of one service after the other away, brings them back, and asks until each change shows. */
export async function followChanges(
  parts: FollowParts,
  services: readonly BenchService[],
  { seconds, lanes, pauseMs }: FollowOptions,
): Promise<readonly Followed[]> {
  const followed: Followed[] = [];
  const endAt = performance.now() + seconds * 1_000;
  const runLane = async (lane: number): Promise<void> => {
    const lookups = await Promise.all(parts.servers.map(({ port }) => Lookup.open(port)));
    const own = services.filter((_, number) => number % lanes === lane);
    for (let change = 0; performance.now() < endAt; change += 1) {
      const service = own[change % own.length];
      const isBack = Math.floor(change / own.length) % 2 === 1;
      if (service !== undefined) followed.push(await followChange({ ...parts, lookups, service, isBack }));
      await delay(pauseMs);
    }
    for (const lookup of lookups) await lookup[Symbol.asyncDispose]();
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => runLane(lane)));
  return followed;
}

interface Change extends FollowParts {
  readonly lookups: readonly Lookup[];
  readonly service: BenchService;
  readonly isBack: boolean;
}

async function followChange({ consul, api, lookups, service, isBack }: Change): Promise<Followed> {
  const { name } = service;
  const instance = service.instances.at(-1);
  if (instance === undefined) throw new Error(`Cannot change "${name}": it has no instances`);
  const index = await indexOf(consul, name);
  const told = indexOf(consul, name, index).then(() => performance.now());
  // The blocking query is to be there before the change is.
  await delay(5);
  const sentAt = performance.now();
  const qname = qnameOf(service);
  const shown = lookups.map((lookup) => whenShown(lookup, qname, { address: instance.address, isBack }));
  if (isBack) await api.registerInstance(name, instance);
  else await api.deregisterInstance(name, instance);
  const [toldAt, ...shownAt] = await Promise.all([told, ...shown]);
  return { toldMs: toldAt - sentAt, shownMs: shownAt.map((at) => at - sentAt) };
}

async function whenShown(
  lookup: Lookup,
  qname: string,
  { address, isBack }: { readonly address: string; readonly isBack: boolean },
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const addresses = await lookup.addresses(qname);
    const now = performance.now();
    // No addresses at all is no answer: the services followed have more than one instance.
    if (addresses.length > 0 && addresses.includes(address) === isBack) return now;
    const waitedMs = now - startedAt;
    if (waitedMs > GIVE_UP_MS) throw new Error(`Cannot go on: "${qname}" never showed a change`);
    await (waitedMs * PATIENCE < 1 ? yieldOnce() : delay(waitedMs * PATIENCE));
  }
}

/** The index of the service's instances; with one given, that behind it, as soon as there is one. */
async function indexOf({ url }: RealConsul, name: string, behind?: string): Promise<string> {
  const query = behind === undefined ? '' : `?wait=60s&index=${behind}`;
  const response = await fetch(`${url}/v1/health/service/${name}${query}`);
  await response.arrayBuffer();
  return response.headers.get('x-consul-index') ?? '0';
}
