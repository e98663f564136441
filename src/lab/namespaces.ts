import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { identify, type ProcessIdentity } from './processes.ts';

const START_DEADLINE_MS = 90_000;
const FLAGS = [
  '--mount',
  '--pid',
  '--ipc',
  '--uts',
  '--cgroup',
  '--fork',
  '--kill-child',
  '--propagation=private',
];

export interface Namespaces {
  /** The first process inside, as this machine sees it. When it ends, everything inside ends. */
  first: ProcessIdentity;
  /** Lets the waiting script go on, once its network is connected. Without this call it ends with us. */
  proceed(): void;
}

/**
 * Runs a script as the first process of new namespaces. It writes its pid, as this machine sees it, to descriptor
 * 3, and reads a line before it goes on. It outlives this process, and nothing here keeps this process alive.
 */
export async function startNamespaces(options: {
  script: string;
  ownNetwork: boolean;
  logPath: string;
  env: NodeJS.ProcessEnv;
}): Promise<Namespaces> {
  const log = await open(options.logPath, 'w', 0o600);
  const flags = options.ownNetwork ? [...FLAGS, '--net'] : FLAGS;
  // Its own process group: Ctrl-C in the terminal reaches the lab alone, which then stops its workers.
  const child = spawn('unshare', [...flags, '--', 'bash', options.script], {
    detached: true,
    stdio: ['pipe', log.fd, log.fd, 'pipe'],
    env: options.env,
  });
  child.stdin?.on('error', ignoreBrokenPipe);
  const pipe = child.stdio[3] as Readable;
  try {
    const first = await identify(Number(await readLine(child, pipe)));
    if (first === null) throw new Error((await readFile(options.logPath, 'utf8').catch(() => '')).trim());
    return { first, proceed: () => void child.stdin?.end('go\n') };
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`New namespaces can't be made on this machine: ${(error as Error).message}`);
  } finally {
    // unshare keeps its end of the pipe open for as long as the worker lives.
    pipe.destroy();
    child.unref();
    await log.close();
  }
}

function readLine(child: ChildProcess, pipe: Readable): Promise<string> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('no answer in time')), START_DEADLINE_MS);
    const finish = (text: string) => {
      clearTimeout(timer);
      done(text);
    };
    pipe.once('data', (data: Buffer) => finish(data.toString()));
    pipe.once('end', () => finish(''));
    child.once('error', (error) => {
      clearTimeout(timer);
      fail(error);
    });
  });
}

function ignoreBrokenPipe(): void {
  // The script ended before it was told to go on. Its log says why, and whoever waits for it notices.
}
