import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressProbe } from '../registration/check.js';
import { type CheckResult, dialProblem, type ProbeOptions } from './result.js';
import { splitTarget } from './target.js';

/** Opens a connection and closes it again: whoever takes it is alive. */
export async function probeTcp({ target }: AddressProbe, { signal }: ProbeOptions): Promise<CheckResult> {
  const parts = splitTarget(target);
  if (parts === undefined) {
    return { status: 'critical', output: `dial tcp: address ${target}: missing port in address` };
  }
  const socket = connect(parts);
  try {
    await once(socket, 'connect', { signal });
    return { status: 'passing', output: `TCP connect ${target}: Success` };
  } catch (error) {
    const problem = signal.aborted ? `dial tcp ${target}: i/o timeout` : dialProblem(error, 'tcp', target);
    return { status: 'critical', output: problem };
  } finally {
    socket.on('error', () => {}).destroy();
  }
}
