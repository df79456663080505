/** What the recursors behind both servers know. */
export const RECURSOR_RECORDS: readonly string[] = [
  'example.net. 900 IN SOA ns.example.net. hostmaster.example.net. 1 2 3 4 900',
  'api.example.net. 300 IN A 198.51.100.7',
  'db.example.net. 600 IN A 198.51.100.8',
  'dual.example.net. 300 IN A 198.51.100.9',
  'dual.example.net. 300 IN AAAA 2001:db8:51::9',
  'dual.example.net. 300 IN TXT "dual"',
  'alias.example.net. 900 IN CNAME dual.example.net.',
  'back.example.net. 900 IN CNAME pair.service.consul.',
  'tagged.example.net. 300 IN AAAA 2001:db8:51::a',
  ...Array.from({ length: 12 }, (_, index) => `big.example.net. 300 IN A 198.51.101.${index}`),
  '99.99.99.10.in-addr.arpa. 900 IN PTR host.example.net.',
  'far.example.net. 300 IN A 198.51.100.10',
  'wan.example.net. 300 IN A 198.51.100.11',
];

/** Names to ask about that are in no zone of ours. */
export const OUTSIDE_NAMES: readonly string[] = [
  'api.example.net',
  'dual.example.net',
  'alias.example.net',
  'back.example.net',
  'big.example.net',
  'nx.example.net',
  'example.net',
  'consul.example.net',
  'com',
  '.',
  'version.bind',
];
