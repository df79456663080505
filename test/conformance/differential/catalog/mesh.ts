import { instance, type ServiceRegistration } from './registration.js';

/** Sidecar proxies, a natively mesh-capable service and gateways (dns-behaviour 5.2). */
export const MESH: readonly ServiceRegistration[] = [
  ...(['single', 'pair'] as const).flatMap((service) =>
    ['n-1', 'meta-1', 'v6-1'].map((node, index) =>
      instance(`${service}-sidecar`, {
        node,
        Kind: 'connect-proxy',
        Proxy: { DestinationServiceName: service },
        Tags: ['sidecar'],
        ...(index === 1 && { Address: '192.0.2.77' }),
        ...(index === 2 && { checks: ['warning'] }),
      }),
    ),
  ),
  instance('native', { node: 'n-2', Connect: { Native: true } }),
  instance('native', { node: 'n-3', Connect: { Native: false } }),
  instance('gateway', { node: 'n-4', Kind: 'ingress-gateway', Tags: ['edge'] }),
  instance('gateway', { node: 'v6-1', Kind: 'ingress-gateway' }),
  instance('mesh', { node: 'n-5', Kind: 'mesh-gateway' }),
];

/** Bodies of `PUT /v1/config`. */
export const CONFIG_ENTRIES: readonly unknown[] = [
  {
    Kind: 'ingress-gateway',
    Name: 'gateway',
    Listeners: [
      { Port: 8001, Protocol: 'tcp', Services: [{ Name: 'single' }] },
      { Port: 8002, Protocol: 'tcp', Services: [{ Name: 'native' }] },
    ],
  },
];
