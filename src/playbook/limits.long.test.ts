import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LimitsPolicy } from '../core/model/limits.ts';
import { BOMB, create, LIMITS } from './limits.fixture.ts';
import { type PreparedNode, prepareNode } from './prepared-node.fixture.ts';

let node: PreparedNode;

beforeAll(async () => {
  node = await prepareNode(25_900 + Math.floor(Math.random() * 700));
});
afterAll(() => node?.close());

test('a policy without limits takes away what was set up for them', async () => {
  expect((await create(node, 'rbound001')).result).toMatchObject({ ok: true });
  // An account without limits starts as many as it wants, which proves that the bomb works.
  const none: LimitsPolicy = { processes: 'none', memory: 'none', required: [] };
  expect((await create(node, 'rfree0001', none)).result).toMatchObject({
    ok: true,
    changed: true,
    limits: { processes: { holds: null } },
  });
  const bomb = node.login('rfree0001', BOMB);
  const count = () => node.inside('ps -o pid= -u rfree0001 | grep -c .').then(Number);
  await expect.poll(count, { timeout: 60_000 }).toBeGreaterThanOrEqual(300);
  await node.inside('pkill -KILL -u rfree0001');
  await bomb;
  expect(await node.inside('ls /var/lib/orion/enter-limits; grep -c Orion: /etc/pam.d/sshd')).toMatch(
    /^0.*No such file/,
  );
});

describe('a limit that is not in force', () => {
  test('is put in force again when the next account is made', async () => {
    expect((await create(node, 'rbound002')).result).toMatchObject({ ok: true });
    await node.inside("sed -i '/pam_exec/d' /etc/pam.d/sshd; echo true > /var/lib/orion/enter-limits");
    expect((await create(node, 'rnext0001')).result).toMatchObject({
      changed: true,
      limits: { processes: { holds: true } },
    });
    // Without the script no client gets in, but root does.
    await node.inside('mv /var/lib/orion/enter-limits /root/');
    expect(await node.login('rnext0001', 'id')).toMatchObject({ exitCode: 254, stdout: '' });
    expect(await node.findings()).toEqual(expect.arrayContaining([expect.stringContaining('rnext0001')]));
    await node.inside('mv /root/enter-limits /var/lib/orion/');
    expect((await node.login('rnext0001', 'id -un')).stdout).toBe('rnext0001');
  });

  test('and is required is refused, with what stands in its way', async () => {
    const { result } = await create(node, 'rwants001', { ...LIMITS, required: ['userNamespaces'] });
    expect(result).toMatchObject({
      ok: false,
      reason: 'LimitNotHeld',
      message: expect.stringContaining('userNamespaces: a client can make them'),
    });
    expect((await node.login('rwants001', 'id')).exitCode).toBe(255);
  });

  test('for want of control groups is held by pam_limits as far as it goes, and the rest is told', async () => {
    await node.inside(
      'umount -R /sys/fs/cgroup; mount -o remount,ro /sys; for d in $(ls -d /sys/fs/cgroup/*); do umount $d; done',
    );
    const { result } = await create(node, 'rplain001', { ...LIMITS, required: [] });
    expect(result).toMatchObject({
      ok: true,
      limits: {
        processes: { holds: true },
        memory: { holds: false, message: expect.stringContaining('sshd') },
      },
    });
    expect((await node.login('rplain001', 'ulimit -Hu')).stdout).toBe('64');
    // Where containers share the kernel, that count would include other containers'.
    await node.inside('touch /run/.containerenv; rm /etc/security/limits.d/orion.conf');
    const contained = await create(node, 'rshared01', { ...LIMITS, required: [] });
    expect(contained.result).toMatchObject({ ok: true, limits: { processes: { holds: false } } });
    await node.inside(
      "sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid)",
    );
    const without = await create(node, 'rnopam001', { ...LIMITS, required: [] });
    expect(without.result).toMatchObject({
      ok: true,
      limits: { processes: { holds: false, message: expect.stringContaining('without PAM') } },
    });
  });
});
