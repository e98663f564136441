import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Identifies one process for good: pids are reused, a pid with its start time is not. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  startTime: string;
}

interface Stat {
  state: string;
  parent: number;
  startTime: string;
}

async function readStat(pid: number): Promise<Stat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything, parentheses too.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent, startTime] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parent === undefined || startTime === undefined) return null;
  return { state, parent: Number(parent), startTime };
}

/** Null when there is no such process, or only a zombie. */
export async function identify(pid: number): Promise<ProcessIdentity | null> {
  const stat = await readStat(pid);
  return stat === null || stat.state === 'Z' || stat.state === 'X'
    ? null
    : { pid, startTime: stat.startTime };
}

export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  return (await identify(process.pid))?.startTime === process.startTime;
}

async function listPids(): Promise<number[]> {
  return (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
}

/** The process and its descendants; for the first process of a PID namespace, everything inside. */
export async function listTree(root: number): Promise<number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const pid of await listPids()) {
    const stat = await readStat(pid);
    if (stat !== null) childrenOf.set(stat.parent, [...(childrenOf.get(stat.parent) ?? []), pid]);
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []));
  return tree;
}

/** True when the process is stopped, traced, a zombie or gone. */
export async function isStopped(pid: number): Promise<boolean> {
  const state = (await readStat(pid))?.state;
  return state === undefined || 'TtZX'.includes(state);
}

/** All processes that were started with `name=value` in their environment, whoever their parent is now. */
export async function listMarked(name: string, value: string): Promise<ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const pid of await listPids()) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (pid === process.pid || !environment.split('\0').includes(`${name}=${value}`)) continue;
    const identity = await identify(pid);
    if (identity !== null) found.push(identity);
  }
  return found;
}

/** Sends a signal unless the process is gone already; true when it was sent. */
export async function signalProcess(target: ProcessIdentity, signal: NodeJS.Signals): Promise<boolean> {
  if (!(await isRunning(target))) return false;
  try {
    return process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** False when the process still runs at the deadline. */
export async function waitUntilGone(target: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (await isRunning(target)) {
    if (performance.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

/** Asks the process to end, and kills it when it has not done so in time. */
export async function endProcess(target: ProcessIdentity, graceMs: number): Promise<void> {
  if (!(await signalProcess(target, 'SIGTERM'))) return;
  if (await waitUntilGone(target, graceMs)) return;
  await signalProcess(target, 'SIGKILL');
  if (!(await waitUntilGone(target, 5_000))) throw new Error(`Process ${target.pid} can't be killed`);
}
