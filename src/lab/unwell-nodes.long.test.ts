import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestLab, type Rented, type TestLab, WAIT } from './test-lab.fixture.ts';
import { openWorker, type Worker } from './worker.ts';

let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: 29_420, nodes: 5 });
}, 180_000);
afterAll(() => test?.close());
beforeEach(() => test.settle(), 120_000);

const reasonOf = async (name: string) =>
  (await test.node(name)).status.conditions.find(({ type }) => type === 'Reachable')?.reason;

describe('a rented node that dies when all others are taken', () => {
  it('leaves its client Lost with NoFreeNode, and that heals when one gets free', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => test.rent()));
    const [first, second] = all as [Rented, Rented];
    await test.lab.stopWorker(first.status.node as string);
    await expect.poll(() => test.phaseOf(first.id), WAIT).toBe('Lost');
    const ready = (await test.rental(first.id)).status.conditions.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'NoFreeNode' });
    expect((await test.events(`&rental=${first.id}`)).map(({ type }) => type)).toContain('rental.lost');
    await test.call('DELETE', `/api/rentals/${second.id}`);
    await expect.poll(() => test.phaseOf(first.id), WAIT).toBe('Active');
    expect((await test.login(first, await test.connectionOf(first.id), 'true')).exitCode).toBe(0);
  });

  it('gives a Lost client the same place back when the node returns first', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => test.rent()));
    const [first] = all as [Rented];
    const node = first.status.node as string;
    await test.lab.stopWorker(node);
    await expect.poll(() => test.phaseOf(first.id), WAIT).toBe('Lost');
    await test.lab.startWorker(node);
    await expect.poll(() => test.phaseOf(first.id), WAIT).toBe('Active');
    await expect.poll(() => test.stateOf(node), WAIT).toBe('allocated');
    expect((await test.rental(first.id)).status.node).toBe(node);
    expect((await test.login(first, await test.connectionOf(first.id), 'true')).exitCode).toBe(0);
  });
});

describe('a node that is not simply dead', () => {
  it('says what is wrong with it, and delays nobody else', async () => {
    await test.lab.freezeWorker('w1');
    await expect.poll(() => reasonOf('w1'), WAIT).toMatch(/EchoTimeout|BannerTimeout|AuthTimeout/);
    const rented = await test.rent();
    expect(rented.status.node).not.toBe('w1');
    await test.lab.thawWorker('w1');
    await expect.poll(() => reasonOf('w1'), WAIT).toBe('Alive');

    await test.lab.workers.get('w2')?.stopListener();
    await expect.poll(() => reasonOf('w2'), WAIT).toMatch(/ListenerDead|ConnectionRefused/);
    await test.lab.workers.get('w2')?.startListener();
  });

  it('gets no login attempt after its host key changed', async () => {
    const worker = test.lab.workers.get('w3') as Worker;
    await test.lab.stopWorker('w3');
    const folder = worker.folder;
    const saved = await readFile(join(folder, 'host_key'));
    await rm(join(folder, 'host_key'));
    await rm(join(folder, 'host_key.pub'));
    const changed = await openWorker(worker.spec);
    await changed.start();
    await expect.poll(() => reasonOf('w3'), WAIT).toBe('HostKeyChanged');
    await changed.stop();
    await writeFile(join(folder, 'host_key'), saved, { mode: 0o600 });
    await rm(join(folder, 'host_key.pub'));
    const { stdout } = await execa('ssh-keygen', ['-y', '-f', join(folder, 'host_key')]);
    await writeFile(join(folder, 'host_key.pub'), `${stdout}\n`);
  });
});
