import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { NodeView } from '../core/view/node-view.ts';
import { type Connection, openTestLab, type Rented, type TestLab, WAIT } from './test-lab.fixture.ts';

let test: TestLab;

beforeAll(async () => {
  process.env.ORION_INSPECT_INTERVAL = '1s';
  test = await openTestLab({ basePort: 28_780, nodes: 3 });
}, 180_000);
afterAll(async () => {
  delete process.env.ORION_INSPECT_INTERVAL;
  await test?.close();
});
beforeEach(() => test.settle(), 120_000);

const DRIFT = ['node.drift_repaired', 'node.stray_account_removed'];

async function byHand(node: string, script: string): Promise<string> {
  const done = await test.lab.workers.get(node)?.exec(['/bin/bash', '-ec', script]);
  if (done?.exitCode !== 0) throw new Error(`${script}: ${done?.stdout}${done?.stderr}`);
  return done.stdout.trim();
}
const conditionOf = ({ status }: NodeView, wanted: string) =>
  status.conditions.find(({ type }) => type === wanted);
const provisioned = async (node: string) => conditionOf(await test.node(node), 'Provisioned')?.status;
/** The messages of a node's events of one type, without the first `from`. */
const told = async (node: string, type: string, from = 0) =>
  (await test.events(`&node=${node}&type=${type}`)).slice(from).map(({ message }) => message);
const connectionOf = (rented: Rented) => rented.status.connection as Connection;
const isLoggedIn = async (rented: Rented) =>
  (await test.login(rented, connectionOf(rented), 'id -un')).stdout === connectionOf(rented).user;

describe('a free node that somebody changes by hand', () => {
  it('is cleaned and verified before it is lent again', async () => {
    const before = (await test.events('&node=w1')).length;
    await byHand(
      'w1',
      `useradd -m -u 31234 stranger; setsid -f setpriv --reuid 31234 --clear-groups sleep 3000 >/dev/null 2>&1
       touch /var/tmp/theirs; chown 31234 /var/tmp/theirs; rm /etc/ssh/sshd_config.d/orion.conf`,
    );
    const since = async () => (await test.events('&node=w1')).slice(before);
    for (const type of [...DRIFT, 'node.free']) {
      await expect.poll(async () => (await since()).map((event) => event.type), WAIT).toContain(type);
    }
    expect((await since()).find(({ type }) => type === 'node.cleaning')).toMatchObject({ reason: 'Drifted' });
    await expect.poll(() => test.stateOf('w1'), WAIT).toBe('free');
    expect(await byHand('w1', 'find / -xdev -uid 31234; getent passwd stranger || true')).toBe('');
    expect(await byHand('w1', 'ls /etc/ssh/sshd_config.d')).toContain('orion.conf');
  });

  it('is not free while what was added can not be removed', async () => {
    await byHand('w2', `echo '-rf:*:31270:1::/:/bin/sh' >> /etc/passwd`);
    await expect.poll(() => test.stateOf('w2'), WAIT).toBe('cleaning');
    await expect
      .poll(async () => conditionOf(await test.node('w2'), 'Clean')?.message, WAIT)
      .toMatch(/account -rf with uid 31270/);
    const { items } = (await test.call('GET', '/api/nodes')).body;
    expect(items.find(({ name }: NodeView) => name === 'w2').status.state).not.toBe('free');
    await byHand('w2', `sed -i '/^-rf:/d' /etc/passwd`);
    await expect.poll(() => test.stateOf('w2'), WAIT).toBe('free');
  });
});

describe('a rented node that somebody changes by hand', () => {
  const CHANGES: [string, (account: string) => string, RegExp][] = [
    [
      'key file and shell changed',
      (a) => `echo '# no key' > /etc/ssh/orion/${a}; usermod -s /usr/sbin/nologin ${a}`,
      /has shell .*nologin|the key file of \w+ was changed/,
    ],
    [
      'key file removed and account locked',
      (a) => `rm /etc/ssh/orion/${a}; usermod -L ${a}`,
      /is locked|key file of \w+ is missing/,
    ],
    [
      'key file opened to all and drop-in removed',
      (a) => `chmod 666 /etc/ssh/orion/${a}; rm /etc/ssh/sshd_config.d/orion.conf; pkill -HUP -o -x sshd`,
      /mode 666|drop-in is missing/,
    ],
    ['account removed', (a) => `userdel ${a}`, /the account \w+ is missing/],
  ];
  const snapshot = (node: string, a: string) =>
    byHand(
      node,
      `getent passwd ${a}; getent shadow ${a} | cut -d: -f2,8
       stat -c %n:%a:%U /etc/ssh/orion/${a} /etc/ssh/sshd_config.d/orion.conf
       cat /etc/ssh/orion/${a} /etc/ssh/sshd_config.d/orion.conf`,
    );

  it.each(CHANGES)('is as it was: %s', async (_name, change, text) => {
    const rented = await test.rent();
    const node = rented.status.node as string;
    const { user } = connectionOf(rented);
    const as = await snapshot(node, user);
    const before = (await told(node, 'node.drift_repaired')).length;
    await byHand(node, change(user));
    // A check may fall between two changes, so not every change is reported by name. All of them are repaired.
    await expect.poll(async () => (await told(node, 'node.drift_repaired', before))[0], WAIT).toMatch(text);
    await expect.poll(() => snapshot(node, user).catch(() => ''), WAIT).toBe(as);
    await expect.poll(() => provisioned(node), WAIT).toBe('True');
    expect(await isLoggedIn(rented)).toBe(true);
    expect((await test.rental(rented.id)).status).toMatchObject({ phase: 'Active', node });
  });

  it('loses accounts that belong to nobody, and its client notices nothing', async () => {
    const rented = await test.rent();
    const node = rented.status.node as string;
    await test.login(rented, connectionOf(rented), 'setsid -f sleep 3000 </dev/null >/dev/null 2>&1');
    const before = (await told(node, 'node.stray_account_removed')).length;
    await byHand(node, `useradd -m -u 31234 stranger; echo x > /etc/ssh/orion/rother001`);
    for (const text of ['the account stranger with uid 31234', 'the key file rother001']) {
      await expect
        .poll(async () => (await told(node, 'node.stray_account_removed', before)).join('\n'), WAIT)
        .toContain(text);
    }
    expect(await byHand(node, 'getent passwd stranger || ls /home /etc/ssh/orion')).not.toMatch(
      /stranger|rother/,
    );
    expect(await byHand(node, `pgrep -c -u ${connectionOf(rented).user}`)).toBe('1');
    expect(await isLoggedIn(rented)).toBe(true);
    expect(await test.stateOf(node)).toBe('allocated');
  });

  it('is put right each time, and the history says how often', async () => {
    const rented = await test.rent();
    const node = rented.status.node as string;
    const before = (await told(node, 'node.drift_repaired')).length;
    for (const round of [1, 2]) {
      await byHand(node, `rm /etc/ssh/orion/${connectionOf(rented).user}`);
      await expect
        .poll(async () => (await told(node, 'node.drift_repaired', before)).length, WAIT)
        .toBe(round);
    }
    expect((await told(node, 'node.drift_repaired')).at(-1)).toMatch(/\([2-9] repairs without a quiet hour/);
    expect(await isLoggedIn(rented)).toBe(true);
  });

  it('is put right by the next daemon when the first one is killed over it', async () => {
    const rented = await test.rent();
    const node = rented.status.node as string;
    await byHand(node, `usermod -L ${connectionOf(rented).user}`);
    const wrong = { status: 'False', reason: 'Drifted', message: expect.stringContaining('is locked') };
    await expect
      .poll(async () => conditionOf(await test.node(node), 'Provisioned'), { ...WAIT, interval: 10 })
      .toMatchObject(wrong);
    process.kill(test.lab.daemonPid('daemon_1') as number, 'SIGKILL');
    await expect.poll(() => provisioned(node).catch(() => null), WAIT).toBe('True');
    expect(await isLoggedIn(rented)).toBe(true);
    expect(await byHand(node, `getent shadow ${connectionOf(rented).user} | cut -d: -f2`)).toBe('*');
  });
});
