import type { Endpoint } from '../endpoint.js';
import { textReply } from '../reply.js';

/** Consul's endpoints for storage, clusters and the mesh; what ends in a slash stands for all below it. */
const PATHS = [
  '/v1/agent/connect/',
  '/v1/agent/host',
  '/v1/agent/monitor',
  '/v1/config',
  '/v1/config/',
  '/v1/connect/',
  '/v1/discovery-chain/',
  '/v1/internal/',
  '/v1/operator/',
  '/v1/peering',
  '/v1/peering/',
  '/v1/peerings',
  '/v1/snapshot',
];

/** What Consul has and one node in memory has not, refused in words that say so (http-api B8). */
export function notOfferedEndpoints(): readonly Endpoint[] {
  return PATHS.map((path) => ({
    methods: ['GET', 'PUT', 'POST', 'DELETE'],
    path,
    handle: ({ argument }) =>
      textReply(404, `Cannot answer "${path}${argument}": this agent is one node that keeps its catalog in memory`),
  }));
}
