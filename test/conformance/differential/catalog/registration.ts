/** Bodies of `PUT /v1/catalog/register`, as far as DNS can tell them apart. */

export interface NodeRegistration {
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses?: Readonly<Record<string, string>>;
  readonly NodeMeta?: Readonly<Record<string, string>>;
  readonly Checks?: readonly CheckRegistration[];
}

export interface CheckRegistration {
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: string;
  readonly ServiceID?: string;
}

export interface ServiceRegistration {
  readonly Node: string;
  readonly Datacenter: string;
  readonly SkipNodeUpdate: true;
  readonly Service: ServiceBody & { readonly ID: string; readonly Service: string };
  readonly Checks: readonly CheckRegistration[];
}

export interface ServiceBody {
  readonly Address?: string;
  readonly Port?: number;
  readonly Tags?: readonly string[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly TaggedAddresses?: Readonly<Record<string, { readonly Address: string; readonly Port: number }>>;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly Kind?: string;
  readonly Proxy?: { readonly DestinationServiceName: string };
  readonly Connect?: { readonly Native: boolean };
}

export type Status = string;

export interface InstanceOptions extends ServiceBody {
  readonly node: string;
  /** Made up from service and node when left out. */
  readonly id?: string;
  /** Statuses of the instance's own checks; one passing check when left out. */
  readonly checks?: readonly Status[];
  /** IDs of further checks, with their statuses. */
  readonly namedChecks?: Readonly<Record<string, Status>>;
  readonly datacenter?: string;
}

export function node(
  name: string,
  address: string,
  more: Partial<Omit<NodeRegistration, 'Node' | 'Address'>> = {},
): NodeRegistration {
  return { Node: name, Address: address, Datacenter: 'dc1', ...more };
}

/** A check of a whole node. */
export function nodeCheck(id: string, status: Status): CheckRegistration {
  return { CheckID: id, Name: id, Status: status };
}

let port = 1000;

/** One instance of a service on a node that is registered elsewhere. Ports count up, so that instances are told apart. */
export function instance(service: string, options: InstanceOptions): ServiceRegistration {
  const {
    node,
    id = `${service}@${node}`,
    checks = ['passing'],
    namedChecks = {},
    datacenter = 'dc1',
    ...body
  } = options;
  port += 1;
  const own = checks.map((status, index) => [`${node}:${id}:${index}`, status] as const);
  return {
    Node: node,
    Datacenter: datacenter,
    SkipNodeUpdate: true,
    Service: { Port: port, ...body, ID: id, Service: service },
    Checks: [...own, ...Object.entries(namedChecks)].map(([check, status]) => ({
      ...nodeCheck(check, status),
      ServiceID: id,
    })),
  };
}
