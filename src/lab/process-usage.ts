import { readdir, readFile, readlink } from 'node:fs/promises';
import { listTree } from './processes.ts';

/** What a process holds at one moment, as the kernel counts it. */
export interface ProcessUsage {
  residentMb: number;
  descriptors: number;
  sockets: number;
  /** Its descendants, and how many of them are zombies (ended, but not waited for). */
  children: number;
  zombies: number;
  /** OpenSSH connections of the whole machine that are kept for reuse, with their age in seconds. */
  sharedConnections: { pid: number; ageS: number }[];
}

/** Measures a running process; rejects when it is gone. */
export async function measureProcess(pid: number): Promise<ProcessUsage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const residentKb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => null)),
  );
  const open = links.filter((link) => link !== null);
  const below = (await listTree(pid)).filter((child) => child !== pid);
  const states = await Promise.all(below.map(readState));
  return {
    residentMb: Math.round(residentKb / 102.4) / 10,
    descriptors: open.length,
    sockets: open.filter((link) => link.startsWith('socket:')).length,
    children: below.length,
    zombies: states.filter((state) => state?.letter === 'Z').length,
    sharedConnections: await listSharedConnections(),
  };
}

interface State {
  letter: string;
  startedAtTicks: number;
}

async function readState(pid: number): Promise<State | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The name in parentheses may hold blanks and parentheses of its own.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { letter: fields[0] ?? '?', startedAtTicks: Number(fields[19]) };
}

const TICKS_PER_S = 100;

/** OpenSSH gives such a process the title `ssh: /path [mux]`. */
async function listSharedConnections(): Promise<ProcessUsage['sharedConnections']> {
  const uptimeS = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const title = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (!/^ssh: .*\[mux\]/.test(title)) return null;
      const state = await readState(pid);
      return state === null ? null : { pid, ageS: uptimeS - state.startedAtTicks / TICKS_PER_S };
    }),
  );
  return found.filter((entry) => entry !== null);
}
