// Measures what blocking queries cost the embedded agent: npm run build && node test/clients/measure-held-queries.js [COUNT]
//
// COUNT (5,000) queries wait for one service, each on a connection of its own; then the service changes. Fails unless every
// one of them is answered with the change, and beyond the limits below. The wall clock also runs for what else the machine
// does, so its load is told; the agent's processor time is what compares.
// How many answer what, without a clock, is tested in held-queries.test.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const COUNT = Number(process.argv[2] ?? 5_000);
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PATH = '/v1/health/service/web';
const MAX_MIB = 200;
const MAX_MS = 1_000;

const agent = spawn(process.execPath, [CLI, 'dev', '--http-port', '0', '--dns-port', '0'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
const [ready] = await once(agent.stdout, 'data');
const url = /HTTP API on (\S+)/.exec(String(ready))?.[1] ?? '';

/** Resident memory of the agent in MiB. */
function residentMib() {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** What the agent has used of a processor so far, in milliseconds; Linux counts in hundredths of a second. */
function processorMs() {
  const [user, system] = readFileSync(`/proc/${agent.pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13) ?? [];
  return (Number(user) + Number(system)) * 10;
}

async function register(port) {
  await fetch(`${url}/v1/agent/service/register`, {
    method: 'PUT',
    body: JSON.stringify({ Name: 'web', Port: port }),
  });
}

async function hold(index) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET ${PATH}?index=${index}&wait=10m HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return socket;
}

try {
  await register(80);
  await delay(1_000);
  const before = residentMib();
  const index = (await fetch(url + PATH)).headers.get('x-consul-index');
  const sockets = [];
  while (sockets.length < COUNT) sockets.push(await hold(index));
  await delay(2_000);
  const held = residentMib();
  const answered = sockets.map((socket) => once(socket, 'data'));
  const start = performance.now();
  const processorStart = processorMs();
  await register(8080);
  const written = performance.now();
  const answers = await Promise.all(answered);
  const end = performance.now();
  const processor = processorMs() - processorStart;
  const after = residentMib();
  console.log(
    `${COUNT} blocking queries: ${(held - before).toFixed(0)} MiB more resident memory (${before.toFixed(0)} before); ` +
      `after a change the write was answered in ${(written - start).toFixed(0)} ms, ` +
      `the last query in ${(end - start).toFixed(0)} ms (${processor} ms of the agent's processor time), with ${(after - before).toFixed(0)} MiB more`,
  );
  const told = answers.filter(([answer]) => /^HTTP\/1.1 200 .*"Port": 8080/s.test(answer)).length;
  const isWithinLimits = end - start < MAX_MS && Math.max(held, after) - before < MAX_MIB;
  if (told < COUNT) console.log(`only ${told} were answered with the change`);
  if (!isWithinLimits) console.log(`beyond ${MAX_MIB} MiB or ${MAX_MS} ms, at a load of ${loadavg()[0]?.toFixed(1)}`);
  if (told < COUNT || !isWithinLimits) process.exitCode = 1;
  for (const socket of sockets) socket.destroy();
} finally {
  agent.kill();
}
