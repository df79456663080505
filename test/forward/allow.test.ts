import { describe, expect, test } from 'vitest';
import { createRecursionAcl } from '../../src/forward/allow.js';

describe('with networks allowed (D12)', () => {
  const mayRecurse = createRecursionAcl(['127.0.0.0/8', '10.1.0.0/16', '192.0.2.7', 'fe80::/10', '2001:db8::1/128']);

  test.each([
    { address: '127.0.0.1', allowed: true, why: 'in the first network' },
    { address: '10.1.255.255', allowed: true, why: 'last address of a network' },
    { address: '10.2.0.0', allowed: false, why: 'first one behind it' },
    { address: '192.0.2.7', allowed: true, why: 'an address is a network of one' },
    { address: '192.0.2.8', allowed: false, why: 'its neighbour' },
    { address: '::ffff:10.1.2.3', allowed: true, why: 'IPv4 client of a dual-stack socket' },
    { address: '::ffff:8.8.8.8', allowed: false, why: 'the same from elsewhere' },
    { address: 'fe80::1', allowed: true, why: 'link-local' },
    { address: 'fe80::1%eth0', allowed: true, why: 'with the zone that sockets name' },
    { address: '2001:db8::1', allowed: true, why: 'the very address' },
    { address: '2001:db8::2', allowed: false, why: 'another' },
    { address: '::1', allowed: false, why: 'IPv6 loopback is not in the list' },
    { address: '', allowed: false, why: 'no address' },
  ])('$address: $allowed ($why)', ({ address, allowed }) => {
    expect([mayRecurse(address), mayRecurse(address)]).toEqual([allowed, allowed]);
  });
});

test.each([{ networks: ['any'] }, { networks: ['192.0.2.0/24', 'any'] }, { networks: ['0.0.0.0/0', '::/0'] }])(
  '$networks lets everybody in',
  ({ networks }) => {
    const mayRecurse = createRecursionAcl(networks);
    expect(['8.8.8.8', '2001:db8::1', '::ffff:8.8.8.8'].map(mayRecurse)).toEqual([true, true, true]);
  },
);

test('an empty list lets nobody in', () => {
  const mayRecurse = createRecursionAcl([]);
  expect(['127.0.0.1', '::1'].map(mayRecurse)).toEqual([false, false]);
});

test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', 'fe80::/129', 'localhost', '10.0.0', ''])(
  'the network "%s" is refused',
  (network) => {
    expect(() => createRecursionAcl([network])).toThrow(
      `Cannot allow recursion from "${network}": not an address or a network`,
    );
  },
);
