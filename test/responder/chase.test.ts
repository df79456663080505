import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Chase, type RecordsOutcome, records } from '../../src/answer/outcome.js';
import { type ChaseResolvers, followChase } from '../../src/responder/chase.js';
import { RecordType } from '../../src/wire/constants.js';
import { formatRecord } from '../../src/wire/present.js';
import { rr } from '../support/records.js';

function chase(target: string, over: Partial<Chase> = {}): Chase {
  return { target, types: [RecordType.A], into: 'answer', serviceTtlSeconds: 5, ...over };
}

/** Resolvers over a few names: those below `consul.` are ours. */
function world(
  inside: Readonly<Record<string, RecordsOutcome>>,
  outside: Readonly<Record<string, readonly string[]>> = {},
): ChaseResolvers & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    isInside: (name) => name.endsWith('consul.'),
    inside: (name) => {
      asked.push(name);
      return inside[name.toLowerCase()];
    },
    outside: async (name, type) => {
      asked.push(`${name} ${type}`);
      return (outside[name] ?? []).map((line) => rr(line));
    },
  };
}

const lines = (found: readonly Parameters<typeof formatRecord>[0][]): string[] =>
  found.map((record) => formatRecord(record).replace(/\s+/g, ' '));

describe('following host names', () => {
  test('outside our zones: one question per type, the answers behind the CNAME (D11)', async () => {
    const start = records({
      answer: [rr('api.service.consul. 0 IN CNAME api.example.net.')],
      chase: [chase('api.example.net.', { types: [RecordType.A, RecordType.AAAA] })],
    });
    const resolvers = world({}, { 'api.example.net.': ['api.example.net. 300 IN A 198.51.100.7'] });
    const whole = await followChase(start, resolvers);
    expect(resolvers.asked).toEqual(['api.example.net. 1', 'api.example.net. 28']);
    expect(lines(whole.answer)[0]).toBe('api.service.consul. 0 IN CNAME api.example.net.');
    expect(lines(whole.answer)[1]).toBe('api.example.net. 300 IN A 198.51.100.7');
  });

  test('inside our zones: through at most three names (C158)', async () => {
    const hop = (from: number): RecordsOutcome =>
      records({
        answer: [rr(`n${from}.service.consul. 0 IN CNAME n${from + 1}.service.consul.`)],
        chase: [chase(`n${from + 1}.service.consul.`)],
      });
    const names = Object.fromEntries([1, 2, 3, 4, 5].map((at) => [`n${at}.service.consul.`, hop(at)]));
    const resolvers = world(names);
    const whole = await followChase(hop(0), resolvers);
    expect(resolvers.asked).toEqual(['n1.service.consul.', 'n2.service.consul.', 'n3.service.consul.']);
    expect(whole.answer).toHaveLength(4);
  });

  test('a loop ends where it closes, whatever the letter case, and nothing stands twice', async () => {
    const loop = records({
      answer: [rr('a.service.consul. 0 IN CNAME A.service.consul.')],
      chase: [chase('A.service.consul.')],
    });
    const resolvers = world({ 'a.service.consul.': loop });
    const whole = await followChase(loop, resolvers);
    expect(resolvers.asked).toEqual(['A.service.consul.']);
    expect(whole.answer).toEqual(loop.answer);
  });

  test('strings that differ in letter case are different records', async () => {
    const found = { 'x.example.net.': ['x.example.net. 60 IN TXT "a"', 'x.example.net. 60 IN TXT "A"'] };
    const start = records({ chase: [chase('x.example.net.', { types: [RecordType.TXT] })] });
    expect((await followChase(start, world({}, found))).answer).toHaveLength(2);
  });

  test('only addresses are kept for services (C160), everything for nodes (C161)', async () => {
    const found = { 'x.example.net.': ['x.example.net. 60 IN TXT "hello"', 'x.example.net. 60 IN A 198.51.100.7'] };
    const service = await followChase(records({ chase: [chase('x.example.net.')] }), world({}, found));
    expect(lines(service.answer)).toEqual(['x.example.net. 60 IN A 198.51.100.7']);
    const asIs = { serviceTtlSeconds: undefined };
    const node = await followChase(records({ chase: [chase('x.example.net.', asIs)] }), world({}, found));
    expect(node.answer).toHaveLength(2);
  });

  test('what is found inside our zones gets the TTL of the service, what is found upstream keeps its own (13.4, D11)', async () => {
    const alias = records({
      answer: [rr('n.node.consul. 7 IN CNAME x.example.net.'), rr('n.node.consul. 7 IN TXT "meta"')],
      chase: [chase('x.example.net.', { serviceTtlSeconds: undefined, types: [RecordType.A, RecordType.AAAA] })],
    });
    const resolvers = world({ 'n.node.consul.': alias }, { 'x.example.net.': ['x.example.net. 60 IN A 198.51.100.7'] });
    const whole = await followChase(records({ chase: [chase('n.node.consul.')] }), resolvers);
    expect(lines(whole.answer)).toEqual([
      'n.node.consul. 5 IN CNAME x.example.net.',
      'x.example.net. 60 IN A 198.51.100.7',
    ]);
    // On behalf of a question for A.
    expect(resolvers.asked).toEqual(['n.node.consul.', 'x.example.net. 1']);
  });

  test('a service behind a node keeps the TTL of the service', async () => {
    const service = records({
      answer: [rr('web.service.consul. 5 IN CNAME n.node.consul.')],
      chase: [chase('n.node.consul.')],
    });
    const node = records({ answer: [rr('n.node.consul. 7 IN A 10.0.0.1')] });
    const resolvers = world({ 'web.service.consul.': service, 'n.node.consul.': node });
    const start = records({ chase: [chase('web.service.consul.', { serviceTtlSeconds: undefined })] });
    const whole = await followChase(start, resolvers);
    expect(lines(whole.answer)).toEqual([
      'web.service.consul. 5 IN CNAME n.node.consul.',
      'n.node.consul. 5 IN A 10.0.0.1',
    ]);
  });

  test('targets of SRV records get their addresses as additional records', async () => {
    const start = records({ chase: [chase('x.example.net.', { into: 'additional' })] });
    const whole = await followChase(start, world({}, { 'x.example.net.': ['x.example.net. 60 IN A 198.51.100.7'] }));
    expect([whole.answer.length, whole.additional.length]).toEqual([0, 1]);
  });

  test('ends for any web of names', async () => {
    const name = fc.nat(5).map((at) => `n${at}.service.consul.`);
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, fc.array(name, { maxLength: 3 })), async (web) => {
        const outcomes = Object.fromEntries(
          Object.entries(web).map(([from, targets]) => [
            from,
            records({ chase: targets.map((target) => chase(target)) }),
          ]),
        );
        const resolvers = world(outcomes);
        await followChase(records({ chase: [chase('n0.service.consul.')] }), resolvers);
        // Three levels of at most three names each.
        expect(resolvers.asked.length).toBeLessThanOrEqual(1 + 3 + 9);
      }),
    );
  });
});
