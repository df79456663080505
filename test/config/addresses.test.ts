import { describe, expect, test } from 'vitest';
import { parseHostIp, parseHttpAddress, parseIp, parseNetwork, parseRecursor } from '../../src/config/addresses.js';

test.each([
  ['10.0.0.1', '10.0.0.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
  ['0.0.0.0', '0.0.0.0'],
  ['10.0.0', undefined],
  ['localhost', undefined],
  ['{{ GetPrivateIP }}', undefined],
])('the IP address in "%s" is %s', (text, ip) => {
  expect(parseIp(text)).toBe(ip);
});

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0'])('"%s" is not the address of one machine', (text) => {
  expect(parseHostIp(text)).toBeUndefined();
});

describe('recursors (C171)', () => {
  test.each([
    ['8.8.8.8', '8.8.8.8', 53],
    ['8.8.8.8:5353', '8.8.8.8', 5353],
    ['[2001:db8::1]:54', '2001:db8::1', 54],
    ['[2001:db8::1]', '2001:db8::1', 53],
    ['2001:db8::1', '2001:db8::1', 53],
    ['::1', '::1', 53],
    ['dns.example', 'dns.example', 53],
    ['DNS.Example.:5353', 'dns.example', 5353],
    ['localhost', 'localhost', 53],
  ])('"%s" is %s, port %d', (text, host, port) => {
    expect(parseRecursor(text)).toEqual({ host, port });
  });

  test.each([
    '0.0.0.0',
    '0.0.0.0:53',
    '::',
    '[::]:53',
    '8.8.8.8:',
    '8.8.8.8:0',
    '8.8.8.8:65536',
    '8.8.8.8:dns',
    '[8.8.8.8]:53',
    '[::1]53',
    '[::1]:',
    '',
    ':53',
    '10.0.0',
    '256.1.1.1',
    'dns..example',
    '-dns.example',
    'dns example',
    '[dns.example]:53',
    '{{ GetPrivateIP }}',
    'http://dns.example',
  ])('"%s" is refused', (text) => {
    expect(parseRecursor(text)).toBeUndefined();
  });
});

test.each([
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3/32'],
  ['::1', '::1/128'],
  ['FC00::/7', 'fc00::/7'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['any', 'any'],
  ['10.0.0.0/33', undefined],
  ['::/129', undefined],
  ['10.0.0.0/', undefined],
  ['10.0.0.0/8/8', undefined],
  ['fe80::1%eth0/64', undefined],
  ['everybody', undefined],
])('the network in "%s" is %s', (text, network) => {
  expect(parseNetwork(text)).toBe(network);
});

describe("addresses of Consul's HTTP API (http-api A4.1)", () => {
  test.each([
    ['127.0.0.1:8500', 'http://127.0.0.1:8500', 'http when no scheme is given'],
    ['consul.example', 'http://consul.example:8500', 'without scheme and port, the usual port'],
    ['::1', 'http://[::1]:8500', 'a bare IPv6 address'],
    ['[::1]:8501', 'http://[::1]:8501', 'an IPv6 address with a port'],
    [':8500', 'http://127.0.0.1:8500', 'a port alone is on this machine'],
    ['host:80', 'http://host', 'an explicit port is kept, also the default one'],
    ['http://host:8500/', 'http://host:8500', 'no trailing slash'],
    ['https://host:8501', 'https://host:8501', 'TLS'],
    ['https://host', 'https://host', "with a scheme, the scheme's port"],
    ['HTTPS://Host:8501', 'https://host:8501', 'in any letter case'],
    ['http://proxy/consul/', 'http://proxy/consul', 'a path prefix'],
    ['proxy/consul', 'http://proxy:8500/consul', 'a path prefix without a scheme'],
    ['unix:///run/consul.sock', 'unix:///run/consul.sock', 'a Unix socket (H065)'],
  ])('"%s" is %s (%s)', (text, address) => {
    expect(parseHttpAddress(text)).toBe(address);
  });

  test.each([
    ['ftp://host', 'an unknown scheme (H075)'],
    ['unix://run/consul.sock', 'a relative path'],
    ['unix:///', 'no socket'],
    ['http://', 'no host'],
    ['', 'nothing'],
    ['/path', 'a path alone'],
    ['host:port', 'no port number'],
    ['host:99999', 'no such port'],
    ['http://user:secret@host', 'credentials have settings of their own'],
    ['http://host/?dc=dc1', 'parameters'],
    ['http://host/#x', 'a fragment'],
    ['a b', 'a space'],
  ])('"%s" is refused (%s)', (text) => {
    expect(parseHttpAddress(text)).toBeUndefined();
  });
});
