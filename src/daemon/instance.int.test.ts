import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimInstance } from './instance.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'orion-instance-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

test('no two living processes hold by one name, and a successor goes on with the name of a dead one', async () => {
  const first = await claimInstance(home, 'one');
  const second = await claimInstance(home, 'one');
  expect([first.holder, second.holder]).toEqual([
    expect.stringMatching(/^one\/[0-9a-f]{12}$/),
    expect.stringMatching(/^one\/[0-9a-f]{12}$/),
  ]);
  expect(second.holder).not.toBe(first.holder);
  // Whatever the second finds in its own directory was left by a dead one; the first's Ansible is not its to end.
  expect(second.runDir).not.toBe(first.runDir);
  await first.release();
  const successor = await claimInstance(home, 'one');
  expect([successor.holder, successor.runDir]).toEqual([first.holder, first.runDir]);
  await Promise.all([second.release(), successor.release()]);
});
