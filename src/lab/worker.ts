import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { waitForBanner } from './banner.ts';
import { groupOf, removeGroups } from './control-groups.ts';
import { startNamespaces } from './namespaces.ts';
import { connectNetwork, disconnectNetwork, needsOwnNetwork } from './network.ts';
import {
  identify,
  isRunning,
  isStopped,
  listTree,
  type ProcessIdentity,
  signalProcess,
  waitUntilGone,
} from './processes.ts';
import { readRecord, removeRecord, writeRecord } from './records.ts';

/** A machine made of namespaces: own files, processes, accounts, host name and sshd on this machine's kernel. */
export interface WorkerSpec {
  /** ORION_HOME. Everything of the worker is kept in `workers/NAME` under it. */
  home: string;
  name: string;
  /** Where its sshd listens. A host in 10.231.0.0/16 gets a network namespace of its own. */
  host: string;
  port: number;
  /** The public key that root's login accepts, one line. */
  authorizedKey: string;
}

const INIT_SCRIPT = fileURLToPath(new URL('../../src/lab/worker-init.sh', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const START_DEADLINE_MS = 90_000;
const COMMAND_DEADLINE_MS = 60_000;

export interface Command {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** One worker. Another program may have started its process, which is therefore recorded under `run`. */
export class Worker {
  readonly spec: WorkerSpec;
  readonly folder: string;
  /** `ssh-ed25519 AAAA…` without a comment; the same across stops and starts. */
  readonly hostKey: string;

  constructor(spec: WorkerSpec, hostKey: string) {
    this.spec = spec;
    this.folder = join(spec.home, 'workers', spec.name);
    this.hostKey = hostKey;
  }

  /** The first process inside, as this machine sees it; null when the worker is stopped. */
  async process(): Promise<ProcessIdentity | null> {
    const record = await readRecord(this.spec.home, this.recordName);
    return record !== null && (await isRunning(record)) ? record : null;
  }

  async isRunning(): Promise<boolean> {
    return (await this.process()) !== null;
  }

  /** Resolves when sshd sends its banner. Does nothing if the worker already runs. */
  async start(): Promise<void> {
    if (await this.isRunning()) return;
    const logPath = join(this.spec.home, 'logs', `${this.spec.name}.log`);
    const first = await this.launch(logPath);
    const ended = async () => !(await isRunning(first));
    if (await waitForBanner(this.spec, { timeoutMs: START_DEADLINE_MS, ended })) return;
    await this.stop();
    const log = (await readFile(logPath, 'utf8').catch(() => '')).trim().split('\n').slice(-5).join('\n');
    throw new Error(explainFailure(this.spec, logPath, log));
  }

  /** Like pulling the plug: everything inside dies at once, and its mounts and network go with it. */
  async stop(): Promise<void> {
    const first = await this.process();
    if (first !== null) {
      await signalProcess(first, 'SIGKILL');
      if (!(await waitUntilGone(first, 10_000))) throw new Error(`${this.spec.name} does not die`);
    }
    if (needsOwnNetwork(this.spec.host)) await disconnectNetwork(this.spec.host);
    await removeGroups(this.folder);
    await removeRecord(this.spec.home, this.recordName);
  }

  /** Sends SIGSTOP to every process inside; connections stay open and silent. */
  async freeze(): Promise<void> {
    await this.signalAll('SIGSTOP', async (pid) => isStopped(pid));
  }

  async thaw(): Promise<void> {
    await this.signalAll('SIGCONT', async (pid) => !(await isStopped(pid)));
  }

  /** Runs a program inside, as root, without SSH. Never rejects because of its exit code. */
  async exec(argv: string[], options: { input?: string; timeoutMs?: number } = {}): Promise<Command> {
    const first = await this.process();
    if (first === null) throw new Error(`${this.spec.name} is stopped`);
    const namespaces = [
      '--mount',
      '--uts',
      '--ipc',
      '--pid',
      ...(needsOwnNetwork(this.spec.host) ? ['--net'] : []),
    ];
    const result = await execa(
      'nsenter',
      [`--target=${first.pid}`, ...namespaces, '--root', '--wd', '--', ...argv],
      {
        reject: false,
        input: options.input ?? '',
        timeout: options.timeoutMs ?? COMMAND_DEADLINE_MS,
        env: {
          PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: '/root',
          LANG: 'C.UTF-8',
        },
        extendEnv: false,
      },
    );
    return { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  }

  /** Kills only sshd's listener: open sessions live on, new ones are refused. */
  async stopListener(): Promise<void> {
    await this.exec(['sh', '-c', 'kill "$(cat /run/sshd.pid)"']);
  }

  async startListener(): Promise<void> {
    await this.exec(['/usr/sbin/sshd']);
    await waitForBanner(this.spec, { timeoutMs: START_DEADLINE_MS, ended: async () => false });
  }

  private get recordName(): string {
    return `worker-${this.spec.name}`;
  }

  private async signalAll(signal: NodeJS.Signals, isDone: (pid: number) => Promise<boolean>): Promise<void> {
    const first = await this.process();
    if (first === null) throw new Error(`${this.spec.name} is stopped`);
    // What is forked meanwhile is caught in the next round.
    for (let round = 0; round < 100; round++) {
      let open = 0;
      for (const pid of await listTree(first.pid)) {
        if (await isDone(pid)) continue;
        open++;
        const target = await identify(pid);
        if (target !== null) await signalProcess(target, signal);
      }
      if (open === 0) return;
      await sleep(5);
    }
    throw new Error(`${this.spec.name} has processes that do not take ${signal}`);
  }

  /** Starts the namespaces, connects the network, and lets the first process go on. */
  private async launch(logPath: string): Promise<ProcessIdentity> {
    const ownNetwork = needsOwnNetwork(this.spec.host);
    await mkdir(join(this.spec.home, 'logs'), { recursive: true, mode: 0o700 });
    const started = await startNamespaces({
      script: INIT_SCRIPT,
      ownNetwork,
      logPath,
      env: this.environment(),
    });
    await writeRecord(this.spec.home, this.recordName, started.first);
    if (ownNetwork) await connectNetwork(this.spec.host, started.first.pid);
    started.proceed();
    return started.first;
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      // By this mark a lab finds what a killed one left behind.
      ORION_LAB: this.spec.home,
      WORKER: this.folder,
      NAME: this.spec.name,
      HOST: this.spec.host,
      PORT: String(this.spec.port),
      AUTHORIZED_KEY: this.spec.authorizedKey,
      GROUP: groupOf(this.folder),
      HIDE: [resolve(this.spec.home), resolve(CHECKOUT)].join('\n'),
    };
  }
}

/** Prepares a worker's folder and host key without starting it. */
export async function openWorker(spec: WorkerSpec): Promise<Worker> {
  const home = resolve(spec.home);
  const folder = join(home, 'workers', spec.name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return new Worker({ ...spec, home }, await ensureKeyPair(join(folder, 'host_key'), spec.name));
}

/** Opens a worker and starts it; resolves when its sshd sends its banner. */
export async function startWorker(spec: WorkerSpec): Promise<Worker> {
  const worker = await openWorker(spec);
  await worker.start();
  return worker;
}

/** Makes an ed25519 key pair at `path` unless there is one; returns its public half without the comment. */
export async function ensureKeyPair(path: string, comment: string): Promise<string> {
  const exists = await access(`${path}.pub`).then(
    () => true,
    () => false,
  );
  if (!exists) {
    // ssh-keygen writes the public half last: without it, the private one may be half written.
    await rm(path, { force: true });
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path], {
      timeout: COMMAND_DEADLINE_MS,
    });
  }
  return (await readFile(`${path}.pub`, 'utf8')).trim().split(' ').slice(0, 2).join(' ');
}

function explainFailure(spec: WorkerSpec, logPath: string, log: string): string {
  if (log.includes('an overlay of')) {
    return `Worker ${spec.name} needs a file system that an overlay can be written to: put ORION_HOME (${spec.home}) on ext4, xfs, btrfs or tmpfs.`;
  }
  return `Worker ${spec.name} did not start on ${spec.host}:${spec.port}; see ${logPath}: ${log}`;
}

/** The control plane's key pair, made once; returns the public half for `authorizedKey`. */
export async function writeControlKey(home: string): Promise<string> {
  const folder = join(resolve(home), 'keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return ensureKeyPair(join(folder, 'control_ed25519'), 'orion-control');
}
