import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { TickCounter } from '../../src/telemetry/tick-counter.js';

function createCounter() {
  const registry = new Registry();
  const counter = new TickCounter({ name: 'seen_total', help: 'Seen', labelNames: ['kind'], registers: [registry] });
  return { registry, counter };
}

test('ticks and ordinary increments add up, each counted once however often it is read', async () => {
  const { registry, counter } = createCounter();
  const tick = counter.tick({ kind: 'a' });
  tick.add();
  tick.add();
  counter.inc({ kind: 'a' });
  expect(await registry.metrics()).toContain('seen_total{kind="a"} 3');
  expect(await registry.metrics()).toContain('seen_total{kind="a"} 3');
  tick.add();
  expect((await counter.get()).values).toEqual([{ labels: { kind: 'a' }, value: 4 }]);
});

test('the same labels give the same tick, others another one', () => {
  const { counter } = createCounter();
  expect(counter.tick({ kind: 'a' })).toBe(counter.tick({ kind: 'a' }));
  expect(counter.tick({ kind: 'b' })).not.toBe(counter.tick({ kind: 'a' }));
});
