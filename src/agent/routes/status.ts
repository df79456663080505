import type { Endpoint } from '../endpoint.js';
import { checkDatacenter, parseQueryOptions } from '../query-options.js';
import { jsonReply, textReply } from '../reply.js';

export interface StatusParts {
  /** Where a real server would take RPCs. */
  readonly serverAddress: string;
  readonly datacenter: string;
}

/** /v1/status/... and the root page. */
export function statusEndpoints({ serverAddress, datacenter }: StatusParts): readonly Endpoint[] {
  const status = (path: string, value: string | readonly string[]): Endpoint => ({
    methods: ['GET'],
    path,
    handle: ({ query }) => {
      parseQueryOptions(query, undefined);
      checkDatacenter(query.get('dc'), datacenter);
      return jsonReply(value);
    },
  });
  return [
    status('/v1/status/leader', serverAddress),
    status('/v1/status/peers', [serverAddress]),
    { methods: ['GET'], path: '/', handle: () => textReply(200, 'Consul Agent') },
  ];
}
