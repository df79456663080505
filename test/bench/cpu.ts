import { readdirSync, readFileSync } from 'node:fs';

/** What Linux reports times in, whatever its own ticks are: USER_HZ. */
const TICKS_PER_SECOND = 100;

/** CPU time that a process and all its children have taken so far, in microseconds: user and system, all threads. */
export function cpuMicroseconds(pid: number): number {
  // The command's name stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  const own = ((utime + stime) / TICKS_PER_SECOND) * 1e6;
  return childrenOf(pid).reduce((sum, child) => sum + cpuMicroseconds(child), own);
}

/** Memory in RAM of a process and all its children, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '0';
  return childrenOf(pid).reduce((sum, child) => sum + residentBytes(child), Number(kilobytes) * 1024);
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
    return children === '' ? [] : children.split(' ').map(Number);
  });
}
