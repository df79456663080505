import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { formatDuration } from '../duration.js';
import type { ScriptProbe } from '../registration/check.js';
import { TailBuffer } from './output.js';
import type { CheckResult, ProbeOptions } from './result.js';

/** Runs a program: exit code 0 passes, 1 warns, everything else is critical. */
export async function probeScript(probe: ScriptProbe, { signal, outputMaxBytes }: ProbeOptions): Promise<CheckResult> {
  const [command = '', ...args] = probe.args;
  // A process group of its own, so that a timeout ends what the program started, too.
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  child.on('error', () => {});
  const output = new TailBuffer(outputMaxBytes);
  child.stdout.on('data', (chunk: Buffer) => output.append(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.append(chunk));
  try {
    const [code] = await once(child, 'close', { signal });
    const status = code === 0 ? 'passing' : code === 1 ? 'warning' : 'critical';
    const lead = output.isCut ? `Captured ${outputMaxBytes} of ${output.totalBytes} bytes\n...\n` : '';
    return { status, output: lead + output.text() };
  } catch (error) {
    if (!signal.aborted) return { status: 'critical', output: error instanceof Error ? error.message : String(error) };
    killGroup(child.pid);
    return { status: 'critical', output: `Timed out (${formatDuration(probe.timeoutMs)}) running check` };
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself in the meantime.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
