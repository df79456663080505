import { expect, test } from 'vitest';
import type { Node } from '../../src/catalog/model.js';
import { NodeTable } from '../../src/catalog/node-table.js';

function node(name: string, address: string): Node {
  return { name, address, datacenter: 'dc1', taggedAddresses: {}, meta: {} };
}

test('nodes that came, went or say something else have changed; equal ones have not, whatever object they are', () => {
  const before = new NodeTable([node('Same', '10.0.0.1'), node('moved', '10.0.0.2'), node('gone', '10.0.0.3')]);
  const after = new NodeTable([node('Same', '10.0.0.1'), node('moved', '10.0.0.9'), node('new', '10.0.0.4')]);
  expect(after.changedSince(before).toSorted()).toEqual(['gone', 'moved', 'new']);
});
