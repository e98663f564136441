import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Database {
  /** For ORION_DATABASE_URL: a unix socket on this machine, so that no port is opened and no password exists. */
  url: string;
  pid: number;
  socketPath: string;
  /** Settles when the server is gone, whoever ended it. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Asks it to shut down, and kills it when it has not done so after 15 s. */
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;
/** Writing the system tables takes seconds, and more than a minute on a machine that is very busy. */
const INSTALL_DEADLINE_MS = 150_000;
const STOP_DEADLINE_MS = 15_000;
/** How long another server on the same files may take to exit; one that was just told to stop may still run. */
const LEFTOVER_DEADLINE_MS = 10_000;
/** sun_path has 108 bytes, the last one a NUL. */
const LONGEST_SOCKET_PATH = 107;

/**
 * Starts a private MariaDB whose files are all under `home`, with an empty or already filled database `orion`.
 * After a crash, InnoDB's recovery runs by itself before the server answers.
 */
export async function startDatabase(options: { home: string; signal?: AbortSignal }): Promise<Database> {
  const home = resolve(options.home);
  const signal = options.signal ?? new AbortController().signal;
  const paths = {
    data: join(home, 'database'),
    socket: join(home, 'run', 'database.sock'),
    pid: join(home, 'run', 'database.pid'),
    log: join(home, 'logs', 'database.log'),
  };
  if (Buffer.byteLength(paths.socket) > LONGEST_SOCKET_PATH) {
    throw new Error(`The path of the database's socket is too long for a unix socket: ${paths.socket}`);
  }
  for (const folder of ['run', 'logs']) await mkdir(join(home, folder), { recursive: true, mode: 0o700 });
  await waitForLeftover(paths.data, signal);
  await install(paths.data, home, signal);
  // A server that was killed leaves them behind, and a client must not take the old socket for the new server.
  await rm(paths.socket, { force: true });
  await rm(paths.pid, { force: true });

  const child = await launch(home, paths);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once('exit', (code, ended) => done({ code, signal: ended }));
  });
  const stop = () => stopServer(child, exited);
  try {
    await waitUntilReady(child, home, paths, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `mysql://root@localhost/orion?socketPath=${encodeURIComponent(paths.socket)}`;
  return { url, pid: child.pid as number, socketPath: paths.socket, exited, stop };
}

/** The folder gets its final name only when it is complete, so an interrupted installation is done again. */
async function install(data: string, home: string, signal: AbortSignal): Promise<void> {
  if (await stat(data).catch(() => null)) return;
  const unfinished = `${data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const result = await run(
    'mariadb-install-db',
    // Only root of this machine gets in, through the socket: there is no password to keep.
    [
      '--no-defaults',
      `--datadir=${unfinished}`,
      '--user=root',
      '--auth-root-authentication-method=socket',
      '--auth-root-socket-user=root',
      '--skip-test-db',
      '--skip-name-resolve',
    ],
    { home, signal, timeoutMs: INSTALL_DEADLINE_MS },
  );
  await writeFile(join(home, 'logs', 'database-install.log'), result.output);
  if (result.code !== 0) throw new Error(`Installing the database failed: ${lastLines(result.output)}`);
  await rename(unfinished, data);
}

/** A server that starts deletes all temporary tables in TMPDIR, even another server's, so each gets its own. */
function environmentOf(home: string): NodeJS.ProcessEnv {
  return { ...process.env, ORION_LAB: home, TMPDIR: join(home, 'run') };
}

async function launch(
  home: string,
  paths: { data: string; socket: string; pid: string; log: string },
): Promise<ChildProcess> {
  const log = await open(paths.log, 'a', 0o600);
  try {
    const child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        '--user=root',
        `--datadir=${paths.data}`,
        `--socket=${paths.socket}`,
        `--pid-file=${paths.pid}`,
        '--skip-networking',
        '--skip-name-resolve',
        '--character-set-server=utf8mb4',
        '--collation-server=utf8mb4_bin',
        // An acknowledged write is on disk even if the power fails.
        '--innodb-flush-log-at-trx-commit=1',
        // A small machine runs this beside the workers of the lab.
        '--innodb-buffer-pool-size=64M',
        '--innodb-log-file-size=32M',
        '--innodb-log-buffer-size=4M',
        '--key-buffer-size=1M',
        '--aria-pagecache-buffer-size=8M',
        '--max-connections=200',
        '--performance-schema=OFF',
      ],
      // Its own process group: Ctrl-C at the terminal reaches the lab, which stops its parts in order.
      { detached: true, stdio: ['ignore', log.fd, log.fd], env: environmentOf(home) },
    );
    await new Promise<void>((done, fail) => {
      child.once('spawn', done);
      child.once('error', (error) => fail(new Error(`mariadbd could not be started: ${error.message}`)));
    });
    return child;
  } finally {
    await log.close();
  }
}

async function waitUntilReady(
  child: ChildProcess,
  home: string,
  paths: { socket: string; log: string },
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  const statement = 'CREATE DATABASE IF NOT EXISTS orion CHARACTER SET utf8mb4 COLLATE utf8mb4_bin';
  for (;;) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      const log = lastLines(await readFile(paths.log, 'utf8').catch(() => ''));
      throw new Error(`The database ended while it started; see ${paths.log}: ${log}`);
    }
    if (await stat(paths.socket).catch(() => null)) {
      const client = ['--no-defaults', `--socket=${paths.socket}`, '--user=root', `--execute=${statement}`];
      if ((await run('mariadb', client, { home, signal })).code === 0) return;
    }
    if (performance.now() > deadline) {
      throw new Error(`The database did not answer within ${START_DEADLINE_MS / 1000} s; see ${paths.log}`);
    }
    await sleep(50, undefined, { signal });
  }
}

/** Two servers on the same files would damage them; MariaDB's own lock only makes the second one hang. */
async function waitForLeftover(data: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + LEFTOVER_DEADLINE_MS;
  for (;;) {
    const pid = await findServerOf(data);
    if (pid === null) return;
    if (performance.now() > deadline) {
      throw new Error(`Another mariadbd (pid ${pid}) still uses ${data}; stop it first`);
    }
    await sleep(100, undefined, { signal });
  }
}

async function findServerOf(data: string): Promise<number | null> {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const words = commandLine.split('\0');
    if (words[0]?.endsWith('mariadbd') && words.includes(`--datadir=${data}`)) return Number(entry);
  }
  return null;
}

async function stopServer(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
}

function run(
  command: string,
  args: string[],
  options: { home: string; signal: AbortSignal; timeoutMs?: number },
): Promise<{ code: number | null; output: string }> {
  return new Promise((done, fail) => {
    const env = environmentOf(options.home);
    const child = spawn(command, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: options.signal,
      timeout: options.timeoutMs ?? START_DEADLINE_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', (error) => fail(new Error(`${command} could not be run: ${error.message}`)));
    child.once('close', (code) => done({ code, output }));
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}
