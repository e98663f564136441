import { spawn } from 'node:child_process';

export interface Tracing {
  /** Resolves when strace has detached from everything; true if the trap struck. */
  end(): Promise<boolean>;
}

/** fork and execve under all their names. */
const SPAWNS = 'clone,clone3,fork,vfork,execve';

/**
 * Strikes at the spawn or exec with this number that these processes, or their descendants, make from now on. The
 * process that makes it is held for a moment, so that the strike comes before it goes on.
 */
export function traceSpawns(pids: number[], at: number, strike: () => void): Promise<Tracing> {
  let seen = 0;
  return trace(pids, [`trace=${SPAWNS}`, `inject=${SPAWNS}:delay_exit=20000`], (line) => {
    // A thread does not count as a process.
    if (!/\b(clone3?|v?fork|execve)\(/.test(line) || line.includes('CLONE_THREAD')) return false;
    if (++seen !== at) return false;
    strike();
    return true;
  });
}

/** Has the kernel kill a process at the write with this number that its main thread makes from now on. */
export function traceWrites(pid: number, at: number): Promise<Tracing> {
  const writes = 'write,writev,sendto,sendmsg';
  const options = [`trace=${writes}`, `inject=${writes}:signal=SIGKILL:when=${at}`];
  return trace([pid], options, (line) => line.includes('killed by SIGKILL'));
}

async function trace(pids: number[], options: string[], isTrap: (line: string) => boolean): Promise<Tracing> {
  const args = ['-f', '-s', '64', ...options.flatMap((option) => ['-e', option])];
  const strace = spawn('strace', [...args, ...pids.map((pid) => `-p${pid}`)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let hasStruck = false;
  let attached = 0;
  let rest = '';
  const ended = new Promise<void>((done) => strace.once('close', () => done()));
  await new Promise<void>((done, fail) => {
    strace.once('error', fail);
    void ended.then(done);
    strace.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (/^strace: Process \d+ attached/.test(line) && ++attached === pids.length) done();
        hasStruck ||= isTrap(line);
      }
    });
  });
  return {
    end: async () => {
      // strace detaches from the processes that still run.
      strace.kill('SIGTERM');
      await ended;
      return hasStruck;
    },
  };
}
