import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRunner } from '../core/ports/playbooks.ts';
import { startWorker, type Worker, writeControlKey } from '../lab/worker.ts';
import { SILENT } from '../project/silent.fixture.ts';
import { createPlaybookRunner } from './runner.ts';

const port = 28_100 + Math.floor(Math.random() * 300);
let home: string;
let worker: Worker;
let target: NodeTarget;
let holder: Promise<unknown>;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'orion-killed-'));
  const authorizedKey = await writeControlKey(home);
  worker = await startWorker({ home, name: 'w', host: '127.0.0.1', port, authorizedKey });
  const privateKeyPath = join(home, 'keys', 'control_ed25519');
  target = { name: 'w', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey: worker.hostKey };
  // A run waits on the node while the lock is held, so it can be killed midway.
  await worker.exec(['mkdir', '-p', '/var/lib/orion']);
  holder = worker.exec(['flock', '/var/lib/orion/lock', 'sleep', '600'], { timeoutMs: 600_000 });
  const isHeld = async () =>
    (await worker.exec(['flock', '-n', '/var/lib/orion/lock', 'true'])).exitCode === 1;
  await vi.waitUntil(isHeld, { timeout: 60_000 });
});
afterAll(async () => {
  await worker?.stop();
  await holder;
  await rm(home, { recursive: true, force: true });
});

interface Process {
  pid: number;
  parent: number;
  session: number;
  command: string;
}

/** Processes that a runner started, and their descendants. */
function listProcesses(runDir: string): Process[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
      if (!environment.includes(`ORION_RUNNER=${runDir}`)) return [];
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      return [{ pid: Number(pid), parent: Number(fields[1]), session: Number(fields[3]), command }];
    } catch {
      return [];
    }
  });
}

describe.each([
  ['warm', true],
  ['plain', false],
])('a %s run', (name, warm) => {
  const runDir = () => join(home, `playbooks-${name}`);
  const listSsh = () => listProcesses(runDir()).filter(({ command }) => /^ssh .*Port=/.test(command));
  let runner: PlaybookRunner;
  beforeEach(async () => {
    // Killing a run does not end what waits on the node.
    await worker.exec(['pkill', '-KILL', '-f', '[p]ython3']);
    runner = await createPlaybookRunner({ runDir: runDir(), logger: SILENT, warm });
  });
  afterEach(async () => {
    await runner.close();
    expect(listProcesses(runDir())).toEqual([]);
  });

  const start = (options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
    runner.run(
      target,
      { playbook: 'verify_clean', fence: 1 },
      { timeoutMs: 90_000, signal: new AbortController().signal, ...options },
    );

  /** The run's ssh process, once the module waits on the node. */
  async function untilUnderWay(): Promise<Process> {
    const isWaiting = async () => (await worker.exec(['sh', '-c', 'pgrep -f "[p]ython3"'])).exitCode === 0;
    await expect
      .poll(async () => listSsh().length === 1 && (await isWaiting()), { timeout: 30_000 })
      .toBe(true);
    return listSsh()[0] as Process;
  }

  const parentOf = (child: number) =>
    listProcesses(runDir()).find(({ pid }) => pid === child)?.parent as number;
  const victims: [string, (ssh: Process) => number][] = [
    ['with all its processes', ({ session }) => -session],
    ['alone', ({ session }) => session],
    ['where the task is carried out', ({ parent }) => parentOf(parent)],
    ['where it listens to the node', ({ parent }) => parent],
    ['where it talks to the node', ({ pid }) => pid],
  ];
  it.each(victims)(
    'that somebody kills %s says so, and leaves nothing that talks to the node',
    async (_, choose) => {
      const result = start();
      process.kill(choose(await untilUnderWay()), 'SIGKILL');
      expect(await result).toMatchObject({ ok: false, reason: 'PlaybookKilled', outcomeUnknown: true });
      await expect.poll(listSsh).toEqual([]);
    },
  );

  const over = { ok: false, reason: 'PlaybookTimeout', outcomeUnknown: true };
  it('is killed with all that it started at its deadline', async () => {
    expect(await start({ timeoutMs: 5_000 })).toMatchObject(over);
    expect(listSsh()).toEqual([]);
  });

  it('is killed likewise when it is given up', async () => {
    const controller = new AbortController();
    const result = start({ signal: controller.signal });
    await untilUnderWay();
    controller.abort();
    expect(await result).toMatchObject(over);
    expect(listSsh()).toEqual([]);
  });
});
