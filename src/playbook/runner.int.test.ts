import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listMarked } from '../lab/processes.ts';
import { openSmallDisk } from '../lab/small-disk.fixture.ts';
import { collectGarbage } from '../project/garbage.fixture.ts';
import { SILENT } from '../project/silent.fixture.ts';
import { MOST_MEMORY_BYTES } from './launcher.ts';
import { listRuns, type PreparedNode, prepareNode } from './prepared-node.fixture.ts';
import { createPlaybookRunner } from './runner.ts';

let node: PreparedNode;
beforeAll(async () => {
  node = await prepareNode(26_600 + Math.floor(Math.random() * 700));
});
afterEach(() => expect(listRuns(node.runDir)).toEqual([]));
afterAll(() => node?.close());

const listRunning = () => listMarked('ORION_RUNNER', node.runDir);

/** Watches the processes of a run: the most memory that any of them had, and their address space limits. */
function watchPeak(): () => Promise<{ kilobytes: number; limits: string[] }> {
  let [kilobytes, isOver] = [0, false];
  const limits = new Set<string>();
  const read = (pid: number, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const watching = (async () => {
    while (!isOver) {
      for (const { pid } of await listRunning()) {
        const status = await read(pid, 'status');
        kilobytes = Math.max(kilobytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
        limits.add(/Max address space +(\S+)/.exec(await read(pid, 'limits'))?.[1] ?? '');
      }
    }
  })();
  return async () => {
    isOver = true;
    await watching;
    return { kilobytes, limits: [...limits] };
  };
}

describe('fence and uid', () => {
  test('an older order is refused and says what the node has seen', async () => {
    await node.createAccount('rordered1');
    expect(await node.run({ playbook: 'verify_clean', fence: node.fence - 1 })).toMatchObject({
      ok: false,
      reason: 'FenceTooLow',
      fenceSeen: node.fence,
      uidSeen: node.uid,
      outcomeUnknown: false,
    });
    await node.run({ playbook: 'delete_user', fence: ++node.fence, account: 'rordered1', uid: node.uid });
  });

  test('a uid is never given twice, not even to the same account', async () => {
    const first = await node.createAccount('ruidtest1');
    await node.run({ playbook: 'delete_user', fence: ++node.fence, ...first });
    for (const account of ['ruidtest1', 'ruidtest2']) {
      expect(
        await node.run({
          playbook: 'create_user',
          fence: ++node.fence,
          account,
          uid: first.uid,
          ...node.grant,
        }),
      ).toMatchObject({ ok: false, reason: 'FenceTooLow', uidSeen: first.uid });
    }
    expect(await node.inside('ls /home /etc/ssh/orion')).not.toContain('ruidtest');
  });

  test('an account that is there with another uid is not touched', async () => {
    const first = await node.createAccount('rresidue1');
    const other = {
      playbook: 'create_user',
      account: first.account,
      uid: ++node.uid,
      ...node.grant,
    } as const;
    expect(await node.run({ ...other, fence: ++node.fence })).toMatchObject({
      ok: false,
      reason: 'PlaybookFailed',
    });
    await node.run({ playbook: 'delete_user', fence: ++node.fence, ...first });
  });

  test('a second order waits for the first one on the node', async () => {
    const results = await Promise.all([
      node.run({ playbook: 'verify_clean', fence: ++node.fence }),
      node.run({ playbook: 'verify_clean', fence: node.fence }),
    ]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
  });
});

describe('when it goes wrong', () => {
  test('a node that is frozen costs its deadline and nobody else anything', async () => {
    await node.worker.freeze();
    try {
      let isOver = false;
      const lost = node
        .run({ playbook: 'verify_clean', fence: ++node.fence }, { timeoutMs: 5_000 })
        .finally(() => {
          isOver = true;
        });
      // On a machine that is busy enough the deadline passes before the run has begun.
      const hasBegun = async () => isOver || (await listRunning()).length > 1;
      await expect.poll(hasBegun).toBe(true);
      // A deadline that nothing references would be collected, and ssh's own (BannerTimeout) would end the run.
      collectGarbage();
      expect(await lost).toMatchObject({ ok: false, reason: 'PlaybookTimeout', outcomeUnknown: true });
    } finally {
      await node.worker.thaw();
    }
    expect(await node.findings()).toEqual([]);
  });

  test.each([
    ['HostKeyChanged', () => ({ hostKey: node.grant.publicKey })],
    ['AuthRefused', () => ({ privateKeyPath: node.keyPath })],
    ['ControlKeyUnreadable', () => ({ privateKeyPath: join(node.home, 'nowhere') })],
    ['ConnectionRefused', () => ({ port: 1 })],
    ['PlaybookFailed', () => ({ hostKey: null })],
  ] as const)('%s', async (reason, change) => {
    const result = await node.run(
      { playbook: 'verify_clean', fence: node.fence },
      { on: { ...node.target, ...change() } },
    );
    expect(result, JSON.stringify(result)).toMatchObject({ ok: false, reason, outcomeUnknown: false });
  });

  test('no python3 on the node', async () => {
    await node.inside('mv /usr/bin/python3 /usr/bin/python3.away');
    try {
      expect(await node.run({ playbook: 'verify_clean', fence: node.fence })).toMatchObject({
        ok: false,
        reason: 'NoPython',
      });
    } finally {
      await node.inside('mv /usr/bin/python3.away /usr/bin/python3');
    }
  });

  test.each([
    ['stdout', ''],
    ['stderr', ' >&2'],
  ])(
    'a python3 that prints without end to %s is cut off, and takes no memory here',
    async (_, redirection) => {
      await node.inside(`mv /usr/bin/python3 /usr/bin/python3.away
      printf '#!/bin/sh\\nexec yes "all is well"${redirection}\\n' >/usr/bin/python3; chmod 755 /usr/bin/python3`);
      try {
        const peak = watchPeak();
        expect(await node.run({ playbook: 'verify_clean', fence: node.fence })).toMatchObject({
          ok: false,
          reason: 'PlaybookUnreadable',
          message: 'orion: the node answered with more than 262144 bytes',
          outcomeUnknown: true,
        });
        const { kilobytes, limits } = await peak();
        expect(kilobytes).toBeLessThan(120_000);
        expect(limits).toContain(String(MOST_MEMORY_BYTES));
        await expect.poll(() => node.inside('pgrep -x yes')).toBe('');
      } finally {
        await node.inside('mv /usr/bin/python3.away /usr/bin/python3');
      }
    },
  );

  test('the warm process dies under a run: unknown, and the next one has another', async () => {
    const request = { playbook: 'verify_clean', fence: ++node.fence } as const;
    const lost = node.run(request);
    await expect.poll(async () => (await listRunning()).length).toBeGreaterThan(1);
    const pids = (await listRunning()).map(({ pid }) => pid);
    process.kill(Math.min(...pids), 'SIGKILL');
    expect(await lost).toMatchObject({ ok: false, reason: 'PlaybookKilled', outcomeUnknown: true });
    expect(await node.findings()).toEqual([]);
  });
});

test('a full disk of the control plane is no failure of the node', async () => {
  const disk = await openSmallDisk(4);
  const runner = await createPlaybookRunner({ runDir: join(disk.path, 'run'), logger: SILENT, warm: false });
  const run = () =>
    runner.run(
      node.target,
      { playbook: 'verify_clean', fence: ++node.fence },
      { timeoutMs: 60_000, signal: new AbortController().signal },
    );
  try {
    await disk.fill();
    expect(await run()).toMatchObject({ ok: false, reason: 'ControlPlaneFault', outcomeUnknown: false });
    await disk.empty();
    // Enough for the order, too little for what Ansible builds from it.
    await disk.fill(48 * 1_024);
    expect(await run()).toMatchObject({ ok: false, reason: 'ControlPlaneFault' });
    await disk.empty();
    expect(await run()).toMatchObject({ ok: true });
  } finally {
    await runner.close();
    await disk.close();
  }
});

test('what a killed daemon left is ended before the first run', async () => {
  const directory = join(node.home, 'killed');
  const child = spawn('sleep', ['600'], {
    env: { ORION_RUNNER: directory },
    detached: true,
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  const next = await createPlaybookRunner({ runDir: directory, logger: SILENT, warm: false });
  expect(await exited).toBe('SIGKILL');
  const result = await next.run(
    node.target,
    { playbook: 'verify_clean', fence: ++node.fence },
    { timeoutMs: 60_000, signal: new AbortController().signal },
  );
  expect(result).toMatchObject({ ok: true, findings: [] });
  await next.close();
  expect(readdirSync(directory)).toEqual([]);
});
