import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOMB, create, LIMITS } from './limits.fixture.ts';
import { type PreparedNode, prepareNode } from './prepared-node.fixture.ts';

// One client against the rest of a node, on real workers. Both have accounts with the same uid: what one account
// takes must not be taken from the other, although the workers share a kernel.

const PORT = 24_400 + Math.floor(Math.random() * 700) * 2;
let node: PreparedNode;
let other: PreparedNode;

beforeAll(async () => {
  [node, other] = await Promise.all([prepareNode(PORT), prepareNode(PORT + 1)]);
});
afterAll(() => Promise.all([node?.close(), other?.close()]));

/** Touches a quarter of a gigabyte, page by page. */
const HOG = `python3 -c 'x = bytearray(256 << 20); print("all of it")'`;

test('a node says what it holds before anybody is on it, and keeps nothing of the trial', async () => {
  const before = await node.inside('cat /etc/passwd /etc/group; ls /etc/security/limits.d');
  const prepared = await node.run({ playbook: 'prepare_node', fence: ++node.fence, limits: LIMITS });
  expect(prepared).toMatchObject({
    ok: true,
    changed: true,
    limits: {
      processes: { holds: true, message: 'at most 64 processes and threads, measured in a session' },
      memory: { holds: true, message: `at most ${96 * 2 ** 20} bytes, measured in a session` },
      userNamespaces: { holds: false },
    },
  });
  expect(await node.inside('cat /etc/passwd /etc/group; ls /etc/security/limits.d')).toBe(before);
  expect(await node.findings()).toEqual([]);
  expect(await node.run({ playbook: 'prepare_node', fence: ++node.fence, limits: LIMITS })).toMatchObject({
    changed: false,
  });
});

test('a fork bomb and a hog of memory stay within their limits, and go without a trace', async () => {
  const account = 'rhungry01';
  const [{ uid, result }, calm] = [await create(node, account), await create(other, 'rcalm0001')];
  expect(result).toMatchObject({ ok: true, limits: { processes: { holds: true }, memory: { holds: true } } });
  expect(calm.uid).toBe(uid);
  expect((await node.login(account, HOG)).stdout).toBe('');
  const bomb = node.login(account, BOMB);
  const count = () => node.inside(`ps -o pid= -u ${uid} | grep -c .`).then(Number);
  await expect.poll(count, { timeout: 60_000 }).toBeGreaterThan(50);
  expect(await count()).toBeLessThanOrEqual(64);
  // Root's orders are carried out, and the other client can start what they want.
  expect(await node.inside('for i in $(seq 100); do sleep 0 & done; wait; echo fine')).toBe('fine');
  expect(
    (await other.login('rcalm0001', 'for i in $(seq 30); do sleep 1 & done; wait; echo fine')).stdout,
  ).toBe('fine');
  expect(await node.run({ playbook: 'delete_user', fence: ++node.fence, account, uid })).toMatchObject({
    ok: true,
  });
  await bomb;
  expect(await node.findings()).toEqual([]);
  expect(await node.inside('find /sys/fs/cgroup -type d -name "2????"')).toBe('');
});
