import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify } from './processes.ts';
import { removeRecord, writeRecord } from './records.ts';

/** Something that runs once: a program, or a server with its own way of starting. */
export interface Running {
  pid: number;
  exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface Supervised {
  pid(): number | null;
  stop(): Promise<void>;
}

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 10_000;
/** After a run of this length, the next failure counts as the first again. */
const STABLE_MS = 30_000;

/** Starts it and, until `stop`, restarts it whenever it ends by itself, after ever longer pauses. */
export async function supervise(options: {
  home: string;
  name: string;
  start: (signal: AbortSignal) => Promise<Running>;
  say: (line: string) => void;
  longestDelayMs?: number | undefined;
}): Promise<Supervised> {
  const { home, name, start, say, longestDelayMs = LONGEST_DELAY_MS } = options;
  const stopping = new AbortController();
  let current: Running | null = await startRecorded(home, name, start, stopping.signal);

  const keepRunning = async () => {
    let delayMs = FIRST_DELAY_MS;
    let startedAt = performance.now();
    while (!stopping.signal.aborted) {
      await current?.exited;
      if (stopping.signal.aborted) return;
      current = null;
      if (performance.now() - startedAt > STABLE_MS) delayMs = FIRST_DELAY_MS;
      say(`${name} ended by itself; starting it again (see ${join(home, 'logs')})`);
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      delayMs = Math.min(delayMs * 2, longestDelayMs);
      startedAt = performance.now();
      current = await startRecorded(home, name, start, stopping.signal).catch((error: Error) => {
        if (!stopping.signal.aborted) say(`${name} could not be started: ${error.message}`);
        return null;
      });
    }
  };
  const kept = keepRunning();

  return {
    pid: () => current?.pid ?? null,
    stop: async () => {
      stopping.abort();
      await current?.stop();
      await kept;
      // One may have been starting when the stop came.
      await current?.stop();
      await removeRecord(home, name);
    },
  };
}

async function startRecorded(
  home: string,
  name: string,
  start: (signal: AbortSignal) => Promise<Running>,
  signal: AbortSignal,
): Promise<Running> {
  const running = await start(signal);
  const identity = await identify(running.pid);
  if (identity !== null) await writeRecord(home, name, identity);
  return running;
}

/** Starts a program in a process group of its own, marked as the lab's, with its output in `logs/NAME.log`. */
export async function startProgram(options: {
  home: string;
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  graceMs: number;
}): Promise<Running> {
  const { home, name } = options;
  await mkdir(join(home, 'logs'), { recursive: true, mode: 0o700 });
  const log = await open(join(home, 'logs', `${name}.log`), 'a', 0o600);
  try {
    const child = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...options.env, ORION_LAB: home },
      // Ctrl-C in the terminal reaches the lab alone, which stops its parts in order.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const exited = new Promise<void>((done) => child.once('exit', () => done()));
    await new Promise<void>((done, fail) => {
      child.once('spawn', done);
      child.once('error', (error) => fail(new Error(`${options.command}: ${error.message}`)));
    });
    const pid = child.pid as number;
    const stop = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), options.graceMs);
      await exited;
      clearTimeout(timer);
    };
    return { pid, exited, stop };
  } finally {
    await log.close();
  }
}
