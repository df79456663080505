import { describe, expect, test } from 'vitest';
import { createZones, zoneOf } from '../../src/query/zones.js';
import { WireError } from '../../src/wire/error.js';

describe('the zone of a name', () => {
  const nested = createZones({ domain: 'foo.example', altDomain: 'bar.foo.example' });
  const single = createZones({ domain: 'Consul.', altDomain: undefined });

  test.each([
    {
      zones: single,
      name: 'db.service.consul.',
      zone: 'consul.',
      why: 'C026: capitals and a dot in the setting do no harm',
    },
    { zones: single, name: 'consul.', zone: 'consul.', why: 'the apex is in its zone' },
    { zones: single, name: 'db.service.fooconsul.', zone: undefined, why: 'C024: whole labels only' },
    { zones: single, name: 'db\\.consul.', zone: undefined, why: 'C024, C035: an escaped dot parts no labels' },
    { zones: single, name: 'DB.Service.CONSUL.', zone: 'consul.', why: 'C025: any letter case' },
    { zones: single, name: 'consul.example.', zone: undefined, why: 'C023: a suffix, not a prefix' },
    { zones: single, name: '.', zone: undefined, why: 'the root is in no zone of ours' },
    { zones: single, name: '1.0.20.10.IN-ADDR.arpa.', zone: 'arpa.', why: 'reverse names' },
    { zones: nested, name: 'a.bar.foo.example.', zone: 'bar.foo.example.', why: 'C027: the longest suffix' },
    { zones: nested, name: 'a.baz.foo.example.', zone: 'foo.example.', why: 'C027: the other one beside it' },
  ])('$name is in $zone ($why)', ({ zones, name, zone }) => {
    expect(zoneOf(zones, name)?.name).toBe(zone);
  });

  test('reverse names lead to the primary zone (C031)', () => {
    expect(zoneOf(nested, '1.0.20.10.in-addr.arpa.')).toEqual({
      kind: 'reverse',
      name: 'arpa.',
      domain: 'foo.example.',
    });
  });

  test('a setting that is no name is refused', () => {
    expect(() => createZones({ domain: 'a..b', altDomain: undefined })).toThrow(WireError);
  });
});
