import { describe, expect, test } from 'vitest';
import { metaRecords, metaText } from '../../src/answer/txt.js';
import { ask, EMPTY_WORLD, instance, node, rrs, SOA } from './world.js';

describe('metadata as text (C116, C117)', () => {
  test.each([
    { key: 'rack', value: 'a7', text: 'rack=a7' },
    { key: 'empty', value: '', text: 'empty=' },
    { key: 'a=b', value: 'c=d', text: 'a`=b=c=d' },
    { key: 'a`b', value: 'c`d', text: 'a``b=c``d' },
    { key: '  a b ', value: ' c ', text: '` ` a b` = c ' },
    { key: '  ', value: 'x', text: '` ` =x' },
    { key: 'rfc1035-note', value: 'v=`1`', text: 'v=`1`' },
    { key: 'RFC1035-', value: 'plain', text: 'plain' },
    { key: 'xrfc1035-', value: 'v', text: 'xrfc1035-=v' },
  ])('"$key" and "$value" give "$text"', ({ key, value, text }) => {
    expect(metaText(key, value)).toBe(text);
  });

  test('long values are cut into strings of 255 bytes (D19)', () => {
    const [found] = metaRecords({ name: 'n.node.consul.', ttlSeconds: 0 }, [{ k: 'é'.repeat(200) }]);
    expect(found?.data).toMatchObject({ kind: 'TXT', strings: [{ length: 255 }, { length: 147 }] });
  });
});

describe('TXT questions about a service (D15)', () => {
  const on = node('n', '10.0.0.1', { meta: { rack: 'a7' } });
  const instances = [
    instance('db', on, { id: '1', meta: { version: '1' } }),
    instance('db', on, { id: '2', meta: { version: '1', zone: 'z' } }),
  ];
  const world = {
    ...EMPTY_WORLD,
    instances,
    queries: { q: { service: 'db', instances, ttlSeconds: 9, datacenter: 'dc1' } },
  };
  const policy = { serviceMetaTxt: true, serviceTtlSeconds: new Map([['db', 5]]) };

  test('are NODATA', () => {
    expect(ask('db.service.consul TXT', { world })).toMatchObject({ answer: [], authority: [SOA] });
  });

  test('give the instances’ metadata when that is on, each entry once', () => {
    const expected = rrs('db.service.consul. 5 TXT "version=1"', 'db.service.consul. 5 TXT "zone=z"');
    expect(ask('db.service.consul TXT', { world, policy }).answer).toEqual(expected);
  });

  test('so do those about a prepared query', () => {
    expect(ask('q.query.consul TXT', { world, policy }).answer).toHaveLength(2);
  });

  test('are NODATA still where there is none', () => {
    const bare = { ...EMPTY_WORLD, instances: [instance('db', on)] };
    expect(ask('db.service.consul TXT', { world: bare, policy })).toMatchObject({ answer: [], authority: [SOA] });
  });
});
