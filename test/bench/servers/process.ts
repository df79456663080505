/** What Linux says of a process and all its children. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What Linux reports times in, whatever its own ticks are: USER_HZ. */
const TICKS_PER_SECOND = 100;
/** As /proc/net/tcp spells it. */
const ESTABLISHED = '01';

/** CPU time taken so far, in microseconds: user and system, all threads. */
export function cpuMicroseconds(pid: number): number {
  return familyOf(pid).reduce((sum, member) => sum + ownCpuMicroseconds(member), 0);
}

/** The same for each process: it first, then its children. */
export function cpuOfEach(pid: number): readonly number[] {
  return familyOf(pid).map(ownCpuMicroseconds);
}

/** Memory in RAM. */
export function residentBytes(pid: number): number {
  return familyOf(pid).reduce((sum, member) => {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${member}/status`, 'latin1'))?.[1] ?? '0';
    return sum + Number(kilobytes) * 1024;
  }, 0);
}

/** TCP connections of this process itself to a port of the loopback. */
export function connectionsTo(pid: number, port: number): number {
  const sockets = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`)));
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  // Columns: number, local, remote, state, five of no interest here, inode.
  return rows.filter(
    ([, , to, state, , , , , , inode]) => to === remote && state === ESTABLISHED && sockets.has(`socket:[${inode}]`),
  ).length;
}

function ownCpuMicroseconds(pid: number): number {
  // The command's name stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [utime = 0, stime = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return ((utime + stime) / TICKS_PER_SECOND) * 1e6;
}

function familyOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').trim();
    return text === '' ? [] : text.split(' ').map(Number);
  });
  return [pid, ...children.flatMap(familyOf)];
}

/** Undefined when the descriptor was closed meanwhile. */
function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
