import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest, PlaybookResult, PlaybookRunner } from '../core/ports/playbooks.ts';
import { listMarked } from '../lab/processes.ts';
import { ensureKeyPair, startWorker, type Worker, writeControlKey } from '../lab/worker.ts';
import { SILENT } from '../project/silent.fixture.ts';
import { createPlaybookRunner } from './runner.ts';

/** A worker of its own, prepared, with a runner and numbers that only grow. */
export interface PreparedNode {
  home: string;
  runDir: string;
  worker: Worker;
  target: NodeTarget;
  /** Path of the tenant's private key. */
  keyPath: string;
  /** What every account is created with: the tenant's key, for an hour. */
  grant: { publicKey: string; expiresAt: Date };
  /** The last numbers given. */
  fence: number;
  uid: number;
  run(
    request: PlaybookRequest,
    options?: { timeoutMs?: number; signal?: AbortSignal; on?: NodeTarget },
  ): Promise<PlaybookResult>;
  createAccount(account: string): Promise<{ account: string; uid: number }>;
  /** What verify_clean finds now. */
  findings(): Promise<string[]>;
  /** Runs a command over ssh with the tenant's key. With a terminal, sshd records the login. */
  login(
    account: string,
    command: string,
    options?: { terminal?: boolean },
  ): Promise<{ exitCode?: number; stdout: string }>;
  /** Runs a script as root on the worker, without ssh. Returns its output. */
  inside(script: string): Promise<string>;
  close(): Promise<void>;
}

export async function prepareNode(port: number): Promise<PreparedNode> {
  const home = mkdtempSync(join(tmpdir(), 'orion-playbook-'));
  const runDir = join(home, 'playbooks');
  const authorizedKey = await writeControlKey(home);
  const keyPath = join(home, 'keys', 'tenant');
  const publicKey = await ensureKeyPair(keyPath, 'tenant');
  const worker = await startWorker({ home, name: 'w_1', host: '127.0.0.1', port, authorizedKey });
  const runner = await createPlaybookRunner({ runDir, logger: SILENT, warm: true });
  const privateKeyPath = join(home, 'keys', 'control_ed25519');
  const node: PreparedNode = {
    home,
    runDir,
    worker,
    target: { name: 'w_1', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey: worker.hostKey },
    keyPath,
    grant: { publicKey, expiresAt: new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000) },
    fence: 0,
    uid: 20_000,
    run(request, { timeoutMs = 60_000, signal = new AbortController().signal, on = node.target } = {}) {
      return runner.run(on, request, { timeoutMs, signal });
    },
    async createAccount(account) {
      const [fence, uid] = [++node.fence, ++node.uid];
      const result = await node.run({ playbook: 'create_user', fence, account, uid, ...node.grant });
      expect(result).toMatchObject({ ok: true, changed: true, uidSeen: uid });
      return { account, uid };
    },
    async findings() {
      const result = await node.run({ playbook: 'verify_clean', fence: ++node.fence });
      if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
      return result.findings;
    },
    login: (account, command, { terminal = false } = {}) =>
      login(keyPath, port, account, command, terminal ? ['-tt'] : []),
    async inside(script) {
      const result = await worker.exec(['/bin/sh', '-c', script]);
      return (result.stdout + result.stderr).trim();
    },
    close: () => close(node, runner),
  };
  expect(await node.run({ playbook: 'prepare_node', fence: ++node.fence })).toMatchObject({
    ok: true,
    changed: true,
  });
  return node;
}

async function close({ home, runDir, worker }: PreparedNode, runner: PlaybookRunner): Promise<void> {
  await runner.close();
  expect(await listMarked('ORION_RUNNER', runDir)).toEqual([]);
  await worker.stop();
  rmSync(home, { recursive: true, force: true });
}

/** Directories of current runs. Between runs there are none: each removes its files, whatever its outcome. */
export function listRuns(runDir: string): string[] {
  return readdirSync(runDir).filter((name) => name.startsWith('run-'));
}

function login(keyPath: string, port: number, account: string, command: string, flags: string[]) {
  const options = [
    'BatchMode=yes',
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'IdentityAgent=none',
  ];
  const args = [
    ...flags,
    '-F/dev/null',
    ...options.map((option) => `-o${option}`),
    `-i${keyPath}`,
    `-p${port}`,
  ];
  return execa('ssh', [...args, `${account}@127.0.0.1`, command], { reject: false, timeout: 30_000 });
}

/** A command that prints a login record in the format of wtmp. */
export function recordOf(name: string): string {
  const fields = [
    `7] [00042] [ts/0] [${name.padEnd(8)}] [pts/0       ] [192.0.2.7           ] [192.0.2.7      `,
  ];
  return `echo '[${fields}] [2026-01-01T00:00:00,000000+00:00]' | utmpdump -r 2>/dev/null`;
}
