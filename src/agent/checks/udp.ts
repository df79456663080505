import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type { AddressProbe } from '../registration/check.js';
import { type CheckResult, dialProblem, type ProbeOptions } from './result.js';
import { splitTarget } from './target.js';

/** Sends a datagram. Silence passes as an answer does: only an ICMP error, such as "port unreachable", is critical. */
export async function probeUdp({ target }: AddressProbe, { signal }: ProbeOptions): Promise<CheckResult> {
  const success: CheckResult = { status: 'passing', output: `UDP connect ${target}: Success` };
  const parts = splitTarget(target);
  if (parts === undefined) {
    return { status: 'critical', output: `dial udp: address ${target}: missing port in address` };
  }
  try {
    const { address, family } = await lookup(parts.host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    try {
      // Connected, so that the kernel hands us ICMP errors.
      socket.connect(parts.port, address);
      await once(socket, 'connect', { signal });
      const answered = once(socket, 'message', { signal });
      socket.send('');
      await answered;
    } finally {
      socket.on('error', () => {}).close();
    }
    return success;
  } catch (error) {
    return signal.aborted ? success : { status: 'critical', output: dialProblem(error, 'udp', target) };
  }
}
