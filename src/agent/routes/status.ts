import type { Endpoint } from '../endpoint.js';
import { jsonReply, textReply } from '../reply.js';

/** /v1/status/... and the root page. `serverAddress` is where a real server would take RPCs. */
export function statusEndpoints(serverAddress: string): readonly Endpoint[] {
  return [
    { methods: ['GET'], path: '/v1/status/leader', handle: () => jsonReply(serverAddress) },
    { methods: ['GET'], path: '/v1/status/peers', handle: () => jsonReply([serverAddress]) },
    { methods: ['GET'], path: '/', handle: () => textReply(200, 'Consul Agent') },
  ];
}
