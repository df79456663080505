/** What a cluster of one says about itself: coordinates, Raft, and the ACL system that is switched off (http-api B8). */
import type { Endpoint } from '../endpoint.js';
import { checkDatacenter, parseQueryOptions } from '../query-options.js';
import type { Reader } from '../read.js';
import { jsonReply, textReply } from '../reply.js';
import { SERVER_PORT, type SelfFacts, ZERO_COORDINATE } from '../self.js';
import type { JsonView } from '../views.js';

export interface ClusterParts {
  readonly facts: SelfFacts;
  readonly reader: Reader;
}

export function clusterEndpoints({ facts, reader }: ClusterParts): readonly Endpoint[] {
  const { nodeName, nodeId, datacenter, address } = facts;
  const coordinate: JsonView = { Node: nodeName, Segment: '', Coord: ZERO_COORDINATE };
  const server = { ID: nodeId, Node: nodeName, Address: `${address}:${SERVER_PORT}`, Leader: true };
  const coordinates = { index: 1, wakeOn: [], value: () => [coordinate] };
  return [
    {
      methods: ['GET'],
      path: '/v1/coordinate/datacenters',
      handle: () => jsonReply([{ Datacenter: datacenter, AreaID: 'wan', Coordinates: [coordinate] }]),
    },
    {
      methods: ['GET'],
      path: '/v1/coordinate/nodes',
      handle: (request) => reader.answer(request, () => coordinates),
    },
    {
      methods: ['GET'],
      path: '/v1/coordinate/node/',
      handle: (request) => {
        if (request.argument.toLowerCase() !== nodeName.toLowerCase()) return { status: 404, headers: {}, body: '' };
        return reader.answer(request, () => coordinates);
      },
    },
    {
      methods: ['GET'],
      path: '/v1/operator/raft/configuration',
      handle: ({ query }) => {
        parseQueryOptions(query, undefined);
        checkDatacenter(query.get('dc'), datacenter);
        return jsonReply({ Servers: [{ ...server, ProtocolVersion: '3', Voter: true }], Index: 0 });
      },
    },
    {
      methods: ['GET', 'PUT', 'POST', 'DELETE'],
      path: '/v1/acl/',
      handle: () => textReply(401, 'ACL support disabled'),
    },
  ];
}
