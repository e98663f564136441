import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  session: number;
  /** Identifies a process for good, together with the pid: a pid alone may be reused. */
  startedAt: string;
}

async function listProcesses(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const entries = await Promise.all(pids.map(readProcess));
  return entries.filter((entry) => entry !== null);
}

async function readProcess(pid: string): Promise<ProcessEntry | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may itself contain blanks and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    const number = (index: number) => Number(fields[index]);
    return {
      pid: Number(pid),
      parent: number(1),
      group: number(2),
      session: number(3),
      startedAt: fields[19] ?? '',
    };
  } catch {
    return null;
  }
}

/** The process, its group and session, and all descendants; Ansible's workers may start sessions of their own. */
function selectTree(all: ProcessEntry[], root: number, known: Map<number, string>): ProcessEntry[] {
  const selected = new Map<number, ProcessEntry>();
  for (const entry of all) {
    const isOurs = entry.pid === root || entry.group === root || entry.session === root;
    if (isOurs || known.get(entry.pid) === entry.startedAt) selected.set(entry.pid, entry);
  }
  for (let grew = true; grew; ) {
    grew = false;
    for (const entry of all) {
      if (selected.has(entry.parent) && !selected.has(entry.pid)) {
        selected.set(entry.pid, entry);
        grew = true;
      }
    }
  }
  return [...selected.values()];
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone already
  }
}

/**
 * Ends a run with everything below it: SIGTERM, a moment to obey, then SIGKILL until nothing is left. `root` must
 * not have been reaped yet, or its pid may be another process's.
 */
export async function killTree(root: number, graceMs = 300): Promise<void> {
  const known = new Map<number, string>();
  const look = async (signal: NodeJS.Signals) => {
    const tree = selectTree(await listProcesses(), root, known);
    for (const entry of tree) {
      known.set(entry.pid, entry.startedAt);
      send(entry.pid, signal);
    }
    return tree.length;
  };
  let left = await look('SIGTERM');
  const termEndsAt = performance.now() + graceMs;
  const giveUpAt = termEndsAt + 5_000;
  while (left > 0 && performance.now() < giveUpAt) {
    await sleep(20);
    const signal = performance.now() < termEndsAt ? 'SIGTERM' : 'SIGKILL';
    left = await look(signal);
  }
}

/** Kills what an earlier process started and marked in its environment, and returns how many there were. */
export async function killMarked(name: string, value: string): Promise<number> {
  const wanted = `${name}=${value}`;
  let killed = 0;
  // Again until none is found: one may have started another during the scan.
  for (let round = 0; round < 50; round++) {
    const marked = await listMarked(wanted);
    if (marked.length === 0) break;
    for (const pid of marked) send(pid, 'SIGKILL');
    killed += round === 0 ? marked.length : 0;
    await sleep(20);
  }
  return killed;
}

async function listMarked(wanted: string): Promise<number[]> {
  const marked: number[] = [];
  for (const entry of await listProcesses()) {
    if (entry.pid === process.pid) continue;
    try {
      const environment = await readFile(`/proc/${entry.pid}/environ`, 'latin1');
      if (environment.split('\0').includes(wanted)) marked.push(entry.pid);
    } catch {
      // gone, or another user's
    }
  }
  return marked;
}
