import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** A Docker engine to test the compose files on. */
export interface Engine {
  /** The environment for `docker`, however it is called. */
  env: Record<string, string>;
  /** True if nobody else's containers and images are on it. */
  isOwn: boolean;
  close(): Promise<void>;
}

/** Outside Docker's usual 172.17 to 172.31, so that networks of this machine stay reachable. */
const NETWORKS = ['--bip', '10.211.0.1/24', '--default-address-pool', 'base=10.211.128.0/17,size=24'];

/** The engine that already answers, or a new one with its own socket and its own data in `home`. */
export async function openEngine(home: string): Promise<Engine> {
  const answers = await execa('docker', ['version'], { reject: false, timeout: 20_000 });
  if (answers.exitCode === 0) return { env: {}, isOwn: false, close: () => Promise.resolve() };
  return await startEngine(join(home, 'docker'));
}

async function startEngine(home: string): Promise<Engine> {
  await mkdir(home, { recursive: true });
  // Short, because the name of a socket has 107 bytes at most.
  const run = await mkdtemp(join(tmpdir(), 'dk-'));
  const host = `unix://${join(run, 'docker.sock')}`;
  const rules = (await execa('iptables-save')).stdout;
  const forwards = await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8');
  const hadBridge = existsSync('/sys/class/net/docker0');

  const folders = ['--data-root', join(home, 'data'), '--exec-root', join(run, 'exec')];
  const files = ['--pidfile', join(run, 'docker.pid'), '-H', host];
  const log = openSync(join(home, 'dockerd.log'), 'a');
  // Ends with the process that runs the tests, however that ends.
  const args = ['--pdeathsig', 'TERM', 'dockerd', ...folders, ...files, ...NETWORKS];
  const daemon = spawn('setpriv', args, { stdio: ['ignore', log, log] });

  const env = { DOCKER_HOST: host };
  const close = async () => {
    await endProcess(daemon);
    if (!hadBridge) await execa('ip', ['link', 'delete', 'docker0'], { reject: false });
    await execa('iptables-restore', { input: rules, reject: false });
    await writeFile('/proc/sys/net/ipv4/ip_forward', forwards);
    await rm(run, { recursive: true, force: true });
  };
  try {
    await untilAnswers(env, daemon, join(home, 'dockerd.log'));
  } catch (error) {
    await close();
    throw error;
  }
  return { env, isOwn: true, close };
}

async function untilAnswers(env: Engine['env'], daemon: ChildProcess, log: string): Promise<void> {
  for (let tries = 0; tries < 120; tries += 1) {
    const { exitCode } = await execa('docker', ['info'], { env, reject: false, timeout: 20_000 });
    if (exitCode === 0) return;
    if (daemon.exitCode !== null) break;
    await sleep(500);
  }
  throw new Error(`dockerd does not start; its last words:\n${(await readFile(log, 'utf8')).slice(-1_000)}`);
}

/** The engine stops its containers first. It is killed after a minute. */
async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await ended;
  clearTimeout(timer);
}
