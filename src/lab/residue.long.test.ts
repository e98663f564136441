import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, openTestLab, type Rented, type TestLab } from './test-lab.fixture.ts';
import type { Worker } from './worker.ts';

const WAIT = { timeout: 300_000, interval: 100 };
let test: TestLab;

beforeAll(async () => {
  const policy = [
    'probe: { deadAfter: 3s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }',
    'clean: { retries: 1 }',
  ];
  test = await openTestLab({ basePort: 29_300, nodes: 2, policy: policy.join('\n  ') });
}, 400_000);
afterAll(() => test?.close());

/** What a client can leave with their own login; the kernel and sshd allow it. */
const BY_LOGIN = `
  trap '' TERM HUP; (while :; do sleep 1; done) </dev/null >/dev/null 2>&1 &
  setsid -f sleep 3000 </dev/null >/dev/null 2>&1
  setsid -f python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0)); time.sleep(3000)' </dev/null >/dev/null 2>&1
  mkdir -p /tmp/theirs/below && echo x >/tmp/theirs/below/file
  echo x >/var/tmp/theirs; echo x >/dev/shm/theirs
  cp /bin/sleep /var/tmp/setuid && chmod 4755 /var/tmp/setuid
  mkdir -p ~/.ssh && echo 'ssh-ed25519 AAAA second' >>~/.ssh/authorized_keys
  mkdir -p ~/.config/systemd/user && echo '[Service]' >~/.config/systemd/user/theirs.service
  ln /tmp/theirs/below/file /tmp/linked
  until [ "$(pgrep -u "$(id -u)" -c python3)" = 1 ]; do sleep 0.05; done`;

/** What crontab(1), at(1) and loginctl(1) leave for a client where they are installed, byte for byte. */
const throughOthers = (account: string) => `
  echo '* * * * * touch /tmp/again' >/var/spool/cron/crontabs/${account}
  chown ${account}:crontab /var/spool/cron/crontabs/${account} && chmod 600 /var/spool/cron/crontabs/${account}
  echo 'touch /tmp/again' >/var/spool/cron/atjobs/a0000101a2b3c4 && chown ${account} /var/spool/cron/atjobs/a0000101a2b3c4
  mkdir -p /var/lib/systemd/linger && touch /var/lib/systemd/linger/${account}`;

/** Everything of an account on a worker, found without Orion's code: processes, files, and what has its name. */
async function look(worker: Worker, account: string, uid: string): Promise<string[]> {
  const script = `ps -eo uid,pid,args | awk '$1 == ${uid} { print "process", $3, $4 }'
    find / \\( -path /proc -o -path /sys \\) -prune -o \\( -uid ${uid} -o -name '${account}' \\) -print
    grep -h '^${account}:' /etc/passwd /etc/shadow /etc/group /etc/subuid || true`;
  const { stdout, exitCode } = await worker.exec(['sh', '-c', script]);
  expect(exitCode).toBe(0);
  return stdout.split('\n').filter(Boolean);
}

/** Rents that node, leaves everything on it, and checks that it is there. */
async function leaveResidue(node: string): Promise<{ rented: Rented; account: string; uid: string }> {
  const other = node === 'w1' ? 'w2' : 'w1';
  await test.call('POST', `/api/nodes/${other}/cordon`);
  const rented = await test.rent();
  await test.call('POST', `/api/nodes/${other}/uncordon`);
  const connection = rented.status.connection as Connection;
  const account = connection.user;
  const worker = test.lab.workers.get(node) as Worker;
  const left = await test.login(rented, connection, BY_LOGIN);
  expect(left).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await worker.exec(['bash', '-ec', throughOthers(account)])).toMatchObject({ exitCode: 0 });
  const uid = (await worker.exec(['id', '-u', account])).stdout;
  const there = (await look(worker, account, uid)).join('\n');
  for (const pattern of RESIDUE) expect(there).toMatch(pattern);
  return { rented, account, uid };
}

const RESIDUE = [
  /^process (-?bash|sh|sleep 1$)/m,
  /^process sleep 3000$/m,
  /^process python3/m,
  /crontabs\/r/,
  /atjobs\/a0000101a2b3c4/,
  /^\/tmp\/theirs\/below\/file$/m,
  /^\/var\/tmp\/theirs$/m,
  /^\/dev\/shm\/theirs$/m,
  /^\/var\/tmp\/setuid$/m,
  /\.ssh\/authorized_keys$/m,
  /systemd\/user\/theirs\.service$/m,
  /^\/tmp\/linked$/m,
  /systemd\/linger\/r/,
];

const statusOf = async (node: string) => (await test.node(node)).status;

describe('a client who leaves processes, sessions, jobs, keys, listeners and files everywhere', () => {
  it('leaves nothing on a node that is free again, at no moment', async () => {
    const { rented, account, uid } = await leaveResidue('w1');
    const worker = test.lab.workers.get('w1') as Worker;
    expect((await test.call('DELETE', `/api/rentals/${rented.id}`)).status).toBe(202);
    const seen: string[] = [];
    for (;;) {
      const { state } = await statusOf('w1');
      const left = await look(worker, account, uid);
      seen.push(`${state}: ${left.length}`);
      if (state === 'free') {
        expect(left).toEqual([]);
        break;
      }
      expect(seen.length, seen.join(', ')).toBeLessThan(2_000);
    }
    // The first check came while there was still something to find.
    expect(seen[0]).not.toMatch(/: 0$/);
    expect((await worker.exec(['sh', '-c', 'find / -xdev -perm -4000 -newer /etc/hostname'])).stdout).toBe(
      '',
    );
  }, 400_000);

  it('keeps a node from ever being free whose removals say that they did their work and did nothing', async () => {
    const worker = test.lab.workers.get('w2') as Worker;
    const { rented, account, uid } = await leaveResidue('w2');
    expect(await worker.exec(['bash', '-ec', BROKEN_REMOVAL])).toMatchObject({ exitCode: 0 });
    const before = (await test.events('&node=w2')).length;
    await test.call('DELETE', `/api/rentals/${rented.id}`);
    await expect.poll(async () => (await statusOf('w2')).state, WAIT).toBe('quarantined');

    const told = (await test.events('&node=w2')).slice(before);
    expect(told.map(({ type }) => type)).not.toContain('node.free');
    expect(told.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['node.cleaning', 'node.cleaning_failed', 'node.quarantined']),
    );
    const clean = (await statusOf('w2')).conditions.find(({ type }) => type === 'Clean');
    expect(clean).toMatchObject({ status: 'False', reason: 'Quarantined' });
    expect(clean?.message).toContain('ResidueFound');
    expect(clean?.message).toContain(`account ${account} with uid ${uid}`);
    expect((await look(worker, account, uid)).length).toBeGreaterThan(RESIDUE.length);
    // Nobody is put on it, although the only other node is cordoned.
    await test.call('POST', '/api/nodes/w1/cordon');
    expect((await test.call('POST', '/api/rent', {})).status).toBe(503);
    await test.call('POST', '/api/nodes/w1/uncordon');

    // The removal works again, and an operator orders a cleaning.
    expect(await worker.exec(['bash', '-ec', WORKING_REMOVAL])).toMatchObject({ exitCode: 0 });
    await test.call('POST', '/api/nodes/w2/clean');
    await expect.poll(async () => (await statusOf('w2')).state, WAIT).toBe('free');
    expect(await look(worker, account, uid)).toEqual([]);
  }, 900_000);
});

/** Runs the command line as an operator does. Resolves with both streams. */
async function orion(...argv: string[]): Promise<string> {
  const cli = fileURLToPath(new URL('../../bin/orion', import.meta.url));
  const { url, caPath, tokens } = test.lab;
  const env = { ORION_URL: url, ORION_TOKEN: tokens?.admin, ORION_CA: caPath };
  const { all, exitCode } = await execa(cli, argv, { env, all: true, reject: false, timeout: 60_000 });
  return `${all}\n[${exitCode}]`;
}

describe('a node that an upgrade has changed', () => {
  it('is quarantined for what no package brought, and free again once an operator has accepted just that', async () => {
    const worker = test.lab.workers.get('w1') as Worker;
    await expect.poll(async () => (await statusOf('w1')).state, WAIT).toBe('free');
    await worker.exec(['sh', '-c', "echo '17 * * * * root run-parts /etc/site' >/etc/cron.d/site"]);
    await test.call('POST', '/api/nodes/w1/clean');
    await expect.poll(async () => (await statusOf('w1')).state, WAIT).toBe('quarantined');

    expect(await orion('accept', 'w1', '--reason', 'site jobs')).toMatch(
      /^w1:\n {2}schedules: \/etc\/cron\.d\/site sha256:\S+\n[\s\S]*no terminal to ask[\s\S]*\[2\]$/,
    );
    // Planted after the operator looked, so never shown.
    const { differences } = await statusOf('w1');
    await worker.exec(['sh', '-c', "echo '* * * * * root id' >/etc/cron.d/planted"]);
    const body = { ids: differences?.items.map(({ id }) => id), reason: 'site jobs' };
    expect((await test.call('POST', '/api/nodes/w1/accept', body)).status).toBe(202);
    const taken = async () =>
      (await test.events('&node=w1&type=node.accepted')).map(({ message }) => message);
    await expect.poll(taken, WAIT).toHaveLength(1);
    expect((await taken())[0]).toMatch(/^1 of 1 added to the baseline, by .*: site jobs; .*cron\.d\/site /);
    await expect.poll(async () => (await statusOf('w1')).state, WAIT).toBe('quarantined');
    const left = (await statusOf('w1')).differences?.items.map(({ text }) => text);
    expect(left).toEqual([expect.stringContaining('/etc/cron.d/planted ')]);

    expect(await orion('accept', '--all', '--reason', 'site jobs, too', '--yes')).toContain(
      'node/w1 1 accepted; it will be verified again',
    );
    await expect.poll(async () => (await statusOf('w1')).state, WAIT).toBe('free');
    expect((await statusOf('w1')).differences).toBe(null);
  }, 900_000);
});

/** A python3 that runs Orion's modules except those that remove, for which it reports success. */
const BROKEN_REMOVAL = `
  real=$(readlink -f /usr/bin/python3); rm /usr/bin/python3; cat >/usr/bin/python3 <<END
#!$real
import json, os, subprocess, sys
if len(sys.argv) > 1: os.execv('$real', ['$real'] + sys.argv[1:])
module = sys.stdin.buffer.read()
if b'orion_remove_account' in module or b'orion_remove_strays' in module:
    state = json.load(open('/var/lib/orion/state.json'))
    seen = {'fence_seen': state['fence_seen'], 'uid_seen': state['uid_seen'], 'changed': True}
    print(json.dumps({'changed': True, 'orion': seen})); sys.exit(0)
sys.exit(subprocess.run(['$real'], input=module).returncode)
END
  chmod 755 /usr/bin/python3`;
const WORKING_REMOVAL = 'rm /usr/bin/python3; ln -s python3.11 /usr/bin/python3';
