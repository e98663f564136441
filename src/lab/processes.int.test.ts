import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { takeLock } from '../daemon/process-lock.ts';
import { endProcess, identify, isRunning, listMarked, listTree, signalProcess } from './processes.ts';

test('a process is known by pid and start time, so that its successor is not mistaken for it', async () => {
  const child = spawn('sleep', ['60']);
  const identity = await identify(child.pid ?? 0);
  if (identity === null) throw new Error('it does not run');
  const other = { ...identity, startTime: '1' };
  expect(await isRunning(other)).toBe(false);
  expect(await signalProcess(other, 'SIGKILL')).toBe(false);
  expect(await isRunning(identity)).toBe(true);
  await endProcess(identity, 5_000);
  expect(await isRunning(identity)).toBe(false);
});

test('one that does not end when asked is killed', async () => {
  const child = spawn('bash', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done']);
  await new Promise((done) => child.stdout.once('data', done));
  const identity = await identify(child.pid ?? 0);
  if (identity === null) throw new Error('it does not run');
  await endProcess(identity, 100);
  expect(await isRunning(identity)).toBe(false);
});

test('children are found by their mark although their parent is gone', async () => {
  const mark = randomUUID();
  const parent = spawn('bash', ['-c', 'sleep 60 & echo started'], {
    env: { ...process.env, TEST_MARK: mark },
  });
  await new Promise((done) => parent.stdout.once('data', done));
  await expect.poll(async () => (await listMarked('TEST_MARK', mark)).length).toBe(1);
  for (const left of await listMarked('TEST_MARK', mark)) await endProcess(left, 1_000);
  expect(await listMarked('TEST_MARK', mark)).toEqual([]);
});

test('a tree holds the children of children', async () => {
  const root = spawn('bash', ['-c', 'bash -c "sleep 60; true"; true'], { detached: true });
  await expect.poll(async () => (await listTree(root.pid ?? 0)).length).toBe(3);
  process.kill(-(root.pid ?? 0), 'SIGKILL');
});

test('a lock has one holder, and is free again when it ends', async () => {
  const name = randomUUID();
  const release = await takeLock(name);
  expect(await takeLock(name)).toBe(null);
  await release?.();
  const again = await takeLock(name);
  expect(again).not.toBe(null);
  await again?.();
});
