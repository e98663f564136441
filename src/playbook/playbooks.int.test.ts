import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { listRuns, type PreparedNode, prepareNode, recordOf } from './prepared-node.fixture.ts';
import { DEFAULT_ANSIBLE_DIR } from './runner.ts';

let node: PreparedNode;
beforeAll(async () => {
  node = await prepareNode(27_400 + Math.floor(Math.random() * 700));
});
afterEach(() => expect(listRuns(node.runDir)).toEqual([]));
afterAll(() => node?.close());

describe('an account', () => {
  test('is made once, lets the key in, and is made again after someone broke it', async () => {
    const { account, uid } = await node.createAccount('rfirst001');
    const again = () => node.run({ playbook: 'create_user', fence: node.fence, account, uid, ...node.grant });
    expect(await again()).toMatchObject({ ok: true, changed: false });
    const session = await node.login(account, 'id -un; id -u; id -gn; pwd; stat -c %a .');
    expect(session.stdout.split('\n')).toEqual([account, String(uid), 'orion', `/home/${account}`, '700']);
    await node.inside(`usermod -L -s /usr/sbin/nologin ${account}; rm /etc/ssh/orion/${account}`);
    expect((await node.login(account, 'id')).exitCode).toBe(255);
    expect(await again()).toMatchObject({ ok: true, changed: true });
    expect((await node.login(account, 'id -u')).stdout).toBe(String(uid));
    // Keys that the clients create open nothing: only the root-owned file counts.
    await node.inside(`rm /etc/ssh/orion/${account}; mkdir /home/${account}/.ssh`);
    await node.inside(
      `echo '${node.grant.publicKey}' > /home/${account}/.ssh/authorized_keys; chown -R ${uid} /home/${account}/.ssh`,
    );
    expect((await node.login(account, 'id')).exitCode).toBe(255);
    expect(await node.run({ playbook: 'delete_user', fence: ++node.fence, account, uid })).toMatchObject({
      changed: true,
    });
    expect(await node.run({ playbook: 'delete_user', fence: node.fence, account, uid })).toMatchObject({
      ok: true,
      changed: false,
    });
    expect(await node.findings()).toEqual([]);
  });

  test('of a hostile tenant leaves nothing', async () => {
    const { account, uid } = await node.createAccount('rhostile1');
    const script = `
      for i in 1 2 3; do setsid nohup sh -c 'while :; do sleep 1; done' >/dev/null 2>&1 & done
      for place in /tmp /var/tmp /dev/shm; do mkdir -p $place/a/b; echo x > $place/a/b/f; ln -s /etc $place/a/link; done
      ln -s / /tmp/rootlink; touch "/tmp/a/$(printf 'new\\nline')"; mkdir -m 0 /tmp/a/closed
      # The names of Orion's own folders begin like these, in which nothing can be moved. What follows is random.
      mkdir -p /tmp/theirs/first/1 /tmp/theirs/first/2 /tmp/theirs/first/1/in; cd /tmp/theirs
      python3 -c 'import os
      for pid in range(os.getpid(), os.getpid() + 1000):
        for number in range(1, 5): os.makedirs(".orion-%d-%d/in" % (pid, number))'
      cd
      python3 -c 'import ctypes,os
      l=ctypes.CDLL(None); l.shmget(1,4096,0o1666); l.semget(2,1,0o1666); l.msgget(3,0o1666)
      for i in range(1500): os.mkdir("d"); os.chdir("d")'
      (ulimit -u 150; b() { b | b & }; b) >/dev/null 2>&1
      echo ready; sleep 600`.replace(/^ {6}/gm, '');
    const session = node.login(account, script);
    await node.inside(`echo '* * * * * x' > /var/spool/cron/crontabs/${account}; touch /var/mail/${account}`);
    await expect
      .poll(() => node.inside('ls /proc/sysvipc >/dev/null; grep -c . /proc/sysvipc/msg'))
      .toBe('2');
    const before = await node.findings();
    expect(before.join('\n')).toMatch(/account rhostile1/);
    expect(before.join('\n')).toMatch(/process \d+ .* of uid/);
    expect(before.join('\n')).toMatch(/System V msg \d+ of uid/);
    expect(await node.run({ playbook: 'delete_user', fence: ++node.fence, account, uid })).toMatchObject({
      ok: true,
    });
    expect((await session).exitCode).not.toBe(0);
    expect(await node.inside(`pgrep -u ${uid}; ls /home; find / -xdev -uid ${uid}; ls /etc/passwd`)).toBe(
      '/etc/passwd',
    );
    expect(await node.findings()).toEqual([]);
  });

  test('is removed as far as it can be before it says what could not; the records of its logins go along', async () => {
    const { account, uid } = await node.createAccount('rmounted1');
    await node.inside(`${recordOf('alice')} >>/var/log/wtmp`);
    await node.login(account, 'mkdir -p ~/here /tmp/theirs && echo x >/tmp/theirs/file', { terminal: true });
    const dump = () => node.inside('utmpdump /var/log/wtmp 2>/dev/null; lastlog -u 20000-59999 | tail -n +2');
    expect(await dump()).toMatch(new RegExp(`^.7. .*${account}.*127\\.0\\.0\\.1`, 'm'));
    const address = `python3 -c 'print(open("/var/log/lastlog", "rb").read()[292 * ${uid}:].count(b"127.0.0.1"))'`;
    expect(await node.inside(address)).toBe('1');

    await node.inside(`mount --bind /opt /home/${account}/here`);
    const remove = () => node.run({ playbook: 'delete_user', fence: ++node.fence, account, uid });
    expect(await remove()).toMatchObject({
      ok: false,
      reason: 'PlaybookFailed',
      message: `not removed: /home/${account}/.../here: Device or resource busy`,
    });
    const left = await node.inside(`getent passwd ${account}; ls -d /tmp/theirs /etc/ssh/orion/${account}`);
    expect(left).not.toMatch(/^\/|^r/m);
    await node.inside(`umount /home/${account}/here`);
    expect(await remove()).toMatchObject({ ok: true, changed: true });
    expect(await node.inside('ls /home')).toBe('');
    const after = await dump();
    expect(after).not.toContain(account);
    expect(after).toMatch(/alice .*192\.0\.2\.7/);
    expect(await node.inside(address)).toBe('0');
    await node.inside(': >/var/log/wtmp');
    expect(await node.findings()).toEqual([]);
  });
});

describe('verify_clean finds what nobody removed', () => {
  const PLANTED: [string, string, string, RegExp][] = [
    [
      'a setuid program',
      'cp /bin/true /usr/local/bin/t; chmod u+s /usr/local/bin/t',
      'rm /usr/local/bin/t',
      /setuid: .*local\/bin\/t/,
    ],
    [
      'a file of a tenant uid',
      'mkdir -p /opt/x; touch /opt/x/f; chown 20777 /opt/x/f',
      'rm -r /opt/x',
      /\/opt\/x\/f is owned/,
    ],
    ['an account', 'useradd -M -u 1234 mole', 'userdel mole', /accounts: .*mole/],
    [
      'a process of a tenant uid',
      'setsid setpriv --reuid 20888 --clear-groups sleep 300 >/dev/null 2>&1 &',
      'pkill -u 20888',
      /process \d+ \(sleep\) of uid 20888/,
    ],
    [
      'a key of root',
      'echo "# x" > /root/.ssh/authorized_keys2',
      'rm /root/.ssh/authorized_keys2',
      /authorized_keys2/,
    ],
    [
      'a sudo rule',
      'mkdir -p /etc/sudoers.d; echo "# x" > /etc/sudoers.d/x',
      'rm /etc/sudoers.d/x',
      /sudoers.d\/x/,
    ],
    [
      'a crontab',
      'echo x > /var/spool/cron/crontabs/root',
      'rm /var/spool/cron/crontabs/root',
      /schedules: .*crontabs\/root/,
    ],
    [
      'a key file that another configuration could name',
      'mkdir -p /opt/keys; touch /opt/keys/authorized_keys.mole',
      'rm -r /opt/keys',
      /authorized_keys: .*\/opt\/keys/,
    ],
    [
      'a sudo rule that another configuration could name',
      'mkdir -p /opt/rules/sudoers.d; touch /opt/rules/sudoers.d/mole',
      'rm -r /opt/rules',
      /sudoers: .*\/opt\/rules/,
    ],
    [
      'sessions that outlive a logout',
      'mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/rlost0001',
      'rm -r /var/lib/systemd/linger',
      /schedules: .*linger\/rlost0001/,
    ],
    [
      'a place too deep to look into',
      `python3 -c 'import os
for i in range(2500): os.mkdir("/opt/d" if i == 0 else "d"); os.chdir("/opt/d" if i == 0 else "d")'`,
      'rm -r /opt/d',
      /unread: .*\/opt\/d\/d.*: File name too long/,
    ],
    [
      'a record of a login',
      `${recordOf('rlost0001')} >>/var/log/wtmp`,
      ': >/var/log/wtmp',
      /logins: .*wtmp of rlost0001/,
    ],
    ['a key file', 'touch /etc/ssh/orion/rlost0001', 'rm /etc/ssh/orion/rlost0001', /key file .*rlost0001/],
    [
      'a listener',
      'setsid python3 -c "import socket,time; s=socket.create_server((\'127.0.0.1\',0)); time.sleep(300)" >/dev/null 2>&1 & sleep 0.5',
      'pkill -f create_server',
      /listeners: .*python3/,
    ],
  ];
  test('each of them, and nothing once they are gone', async () => {
    for (const [, plant] of PLANTED) await node.inside(plant);
    const found = await node.findings();
    for (const [name, , , pattern] of PLANTED) expect(found.join('\n'), name).toMatch(pattern);
    for (const [, , remove] of PLANTED) await node.inside(remove);
    expect(await node.findings()).toEqual([]);
  });
});

describe('by hand, with plain ansible-playbook', () => {
  const byHand = (variables: object) =>
    execa(
      '/usr/bin/ansible-playbook',
      [
        '-i',
        '127.0.0.1,',
        '-e',
        JSON.stringify(variables),
        join(DEFAULT_ANSIBLE_DIR, 'create_user.yml'),
        '--check',
      ],
      {
        reject: false,
        extendEnv: false,
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: node.home,
          LANG: 'C.UTF-8',
          ANSIBLE_CONFIG: join(DEFAULT_ANSIBLE_DIR, 'ansible.cfg'),
        },
      },
    );
  const connection = () => ({
    ansible_port: node.target.port,
    ansible_user: 'root',
    ansible_ssh_private_key_file: node.target.privateKeyPath,
    ansible_ssh_args:
      '-F /dev/null -o ControlMaster=no -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null',
  });

  test('check mode says what would be and changes nothing', async () => {
    const before = await node.inside('cat /var/lib/orion/state.json /etc/passwd');
    const variables = {
      orion_fence: node.fence + 5,
      orion_account: 'rbyhand01',
      orion_uid: node.uid + 5,
      orion_public_key: node.grant.publicKey,
      orion_expires_at: node.grant.expiresAt.getTime() / 1_000,
    };
    const result = await byHand({ ...connection(), ...variables });
    expect(result.stdout).toContain('changed=1');
    expect(await node.inside('cat /var/lib/orion/state.json /etc/passwd')).toBe(before);
  });

  test('templates and second lines in the marked values neither run nor pass the module', async () => {
    const canary = join(node.home, 'canary');
    for (const text of [
      `{{ lookup('pipe','touch ${canary}') }}`,
      `${node.grant.publicKey}\n${node.grant.publicKey}`,
      `command="x" ${node.grant.publicKey}`,
    ]) {
      const variables = { orion_fence: node.fence + 5, orion_account: 'rbyhand01', orion_uid: node.uid + 5 };
      const result = await byHand({
        ...connection(),
        ...variables,
        orion_public_key: { __ansible_unsafe: text },
        orion_expires_at: node.grant.expiresAt.getTime() / 1_000,
      });
      expect(result.stdout).toContain('the public key is not exactly');
    }
    expect(existsSync(canary)).toBe(false);
  });
});
