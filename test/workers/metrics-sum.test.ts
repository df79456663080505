import { expect, test } from 'vitest';
import { Metrics } from '../../src/telemetry/metrics.js';
import { MetricsSum } from '../../src/workers/metrics-sum.js';

/** What a worker would tell. */
async function told(count: (metrics: Metrics) => void): Promise<readonly object[]> {
  const metrics = new Metrics();
  count(metrics);
  return structuredClone(await metrics.registry.getMetricsAsJSON());
}

async function linesOf(sum: MetricsSum): Promise<readonly string[]> {
  return (await sum.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#') && !/ 0$/.test(line));
}

test('counters and gauges of all processes add up, label by label', async () => {
  const own = new Metrics();
  own.watches.set(3);
  const sum = new MetricsSum(own.registry);
  const count = (connections: number) => (metrics: Metrics) => {
    metrics.replies.inc({ rcode: 'NOERROR' }, 10);
    metrics.tcpConnections.set(connections);
  };
  sum.tell(1, await told(count(1)));
  sum.tell(2, await told(count(4)));
  sum.tell(2, await told((metrics) => metrics.replies.inc({ rcode: 'NXDOMAIN' }, 1)));
  expect(await linesOf(sum)).toEqual([
    'consul_dnsd_replies_total{rcode="NOERROR"} 10',
    'consul_dnsd_replies_total{rcode="NXDOMAIN"} 1',
    'consul_dnsd_tcp_connections 1',
    'consul_dnsd_watches 3',
  ]);
});

test('the counts of a process that has ended stay, what it measured goes', async () => {
  const sum = new MetricsSum(new Metrics().registry);
  const count = (metrics: Metrics): void => {
    metrics.replies.inc({ rcode: 'NOERROR' }, 10);
    metrics.tcpConnections.set(7);
  };
  for (let life = 0; life < 3; life += 1) {
    sum.tell(1, await told(count));
    sum.end(1);
  }
  sum.end(2);
  sum.tell(1, await told((metrics) => metrics.replies.inc({ rcode: 'NOERROR' }, 1)));
  expect(await linesOf(sum)).toEqual(['consul_dnsd_replies_total{rcode="NOERROR"} 31']);
});

test('the text says what each metric is', async () => {
  const sum = new MetricsSum(new Metrics().registry);
  sum.tell(1, await told(() => undefined));
  const text = await sum.text();
  expect(text).toContain('# HELP consul_dnsd_replies_total Replies sent');
  expect(text).toContain('# TYPE consul_dnsd_replies_total counter');
  expect(text).toContain('# TYPE consul_dnsd_watches gauge');
  expect(text.match(/# TYPE consul_dnsd_watches/g)).toHaveLength(1);
});
