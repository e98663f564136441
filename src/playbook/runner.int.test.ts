import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Logger, NodeTarget, PlaybookRequest, PlaybookRunner } from '../core/ports.ts';
import { ensureKeyPair, startWorker, type Worker, writeControlKey } from '../lab/worker.ts';
import { createPlaybookRunner, DEFAULT_ANSIBLE_DIR } from './runner.ts';

const home = mkdtempSync(join(tmpdir(), 'orion-playbook-'));
const runDir = join(home, 'playbooks');
const port = 26_600 + Math.floor(Math.random() * 1_500);
const silent: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
function ignore(): void {
  // the tests look at results, not at logs
}

let worker: Worker;
let runner: PlaybookRunner;
let target: NodeTarget;
let publicKey: string;
let fence = 0;
let uid = 20_000;
const expiresAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);

beforeAll(async () => {
  const authorizedKey = await writeControlKey(home);
  publicKey = await ensureKeyPair(join(home, 'keys', 'tenant'), 'tenant');
  worker = await startWorker({ home, name: 'w_1', host: '127.0.0.1', port, authorizedKey });
  const privateKeyPath = join(home, 'keys', 'control_ed25519');
  target = { name: 'w_1', host: '127.0.0.1', port, user: 'root', privateKeyPath, hostKey: worker.hostKey };
  runner = await createPlaybookRunner({ runDir, logger: silent, warm: true });
  expect(await run({ playbook: 'prepare_node', fence: ++fence })).toMatchObject({ ok: true, changed: true });
});

afterEach(() => {
  // Every run has taken its files with it, whatever came of it.
  expect(readdirSync(runDir).filter((name) => name.startsWith('run-'))).toEqual([]);
});

afterAll(async () => {
  await runner?.close();
  expect(await listMarked(runDir)).toEqual([]);
  await worker?.stop();
  rmSync(home, { recursive: true, force: true });
});

function run(
  request: PlaybookRequest,
  options: { timeoutMs?: number; signal?: AbortSignal; on?: NodeTarget } = {},
) {
  const { timeoutMs = 60_000, signal = new AbortController().signal, on = target } = options;
  return runner.run(on, request, { timeoutMs, signal });
}

/** Pids whose environment names this run directory. */
async function listMarked(directory: string): Promise<string[]> {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`ORION_RUNNER=${directory}`);
    } catch {
      return false;
    }
  });
}

function login(account: string, command: string) {
  const args = [
    '-F/dev/null',
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=no',
    '-oUserKnownHostsFile=/dev/null',
  ];
  const key = `-i${join(home, 'keys', 'tenant')}`;
  const all = [
    ...args,
    '-oLogLevel=ERROR',
    '-oIdentityAgent=none',
    key,
    `-p${port}`,
    `${account}@127.0.0.1`,
    command,
  ];
  return execa('ssh', all, { reject: false, timeout: 30_000 });
}

async function inside(script: string): Promise<string> {
  const result = await worker.exec(['/bin/sh', '-c', script]);
  return (result.stdout + result.stderr).trim();
}

async function createAccount(account: string) {
  const result = await run({
    playbook: 'create_user',
    fence: ++fence,
    account,
    uid: ++uid,
    publicKey,
    expiresAt,
  });
  expect(result).toMatchObject({ ok: true, changed: true, uidSeen: uid });
  return { account, uid };
}

async function findings(): Promise<string[]> {
  const result = await run({ playbook: 'verify_clean', fence: ++fence });
  if (!result.ok) throw new Error(`${result.reason}: ${result.message}`);
  return result.findings;
}

describe('an account', () => {
  test('is made once, lets the key in, and is made again after someone broke it', async () => {
    const { account, uid } = await createAccount('rfirst001');
    const again = () => run({ playbook: 'create_user', fence, account, uid, publicKey, expiresAt });
    expect(await again()).toMatchObject({ ok: true, changed: false });
    const session = await login(account, 'id -un; id -u; id -gn; pwd; stat -c %a .');
    expect(session.stdout.split('\n')).toEqual([account, String(uid), 'orion', `/home/${account}`, '700']);
    await inside(`usermod -L -s /usr/sbin/nologin ${account}; rm /etc/ssh/orion/${account}`);
    expect((await login(account, 'id')).exitCode).toBe(255);
    expect(await again()).toMatchObject({ ok: true, changed: true });
    expect((await login(account, 'id -u')).stdout).toBe(String(uid));
    // Keys of his own making open nothing: only the root-owned file counts.
    await inside(`rm /etc/ssh/orion/${account}; mkdir /home/${account}/.ssh`);
    await inside(
      `echo '${publicKey}' > /home/${account}/.ssh/authorized_keys; chown -R ${uid} /home/${account}/.ssh`,
    );
    expect((await login(account, 'id')).exitCode).toBe(255);
    expect(await run({ playbook: 'delete_user', fence: ++fence, account, uid })).toMatchObject({
      changed: true,
    });
    expect(await run({ playbook: 'delete_user', fence, account, uid })).toMatchObject({
      ok: true,
      changed: false,
    });
    expect(await findings()).toEqual([]);
  });

  test('of a hostile tenant leaves nothing', async () => {
    const { account, uid } = await createAccount('rhostile1');
    const script = `
      for i in 1 2 3; do setsid nohup sh -c 'while :; do sleep 1; done' >/dev/null 2>&1 & done
      for place in /tmp /var/tmp /dev/shm; do mkdir -p $place/a/b; echo x > $place/a/b/f; ln -s /etc $place/a/link; done
      ln -s / /tmp/rootlink; touch "/tmp/a/$(printf 'new\\nline')"; mkdir -m 0 /tmp/a/closed
      python3 -c 'import ctypes,os
      l=ctypes.CDLL(None); l.shmget(1,4096,0o1666); l.semget(2,1,0o1666); l.msgget(3,0o1666)
      for i in range(1500): os.mkdir("d"); os.chdir("d")'
      (ulimit -u 150; b() { b | b & }; b) >/dev/null 2>&1
      echo ready; sleep 600`.replace(/^ {6}/gm, '');
    const session = login(account, script);
    await inside(`echo '* * * * * x' > /var/spool/cron/crontabs/${account}; touch /var/mail/${account}`);
    await expect
      .poll(() => inside('ls /proc/sysvipc >/dev/null; grep -c . /proc/sysvipc/msg'), { timeout: 20_000 })
      .toBe('2');
    const before = await findings();
    expect(before.join('\n')).toMatch(/account rhostile1/);
    expect(before.join('\n')).toMatch(/process \d+ .* of uid/);
    expect(before.join('\n')).toMatch(/System V msg \d+ of uid/);
    expect(await run({ playbook: 'delete_user', fence: ++fence, account, uid })).toMatchObject({ ok: true });
    expect((await session).exitCode).not.toBe(0);
    expect(await inside(`pgrep -u ${uid}; ls /home; find / -xdev -uid ${uid}; ls /etc/passwd`)).toBe(
      '/etc/passwd',
    );
    expect(await findings()).toEqual([]);
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
    ['a key file', 'touch /etc/ssh/orion/rlost0001', 'rm /etc/ssh/orion/rlost0001', /key file .*rlost0001/],
    [
      'a listener',
      'setsid python3 -c "import socket,time; s=socket.create_server((\'127.0.0.1\',0)); time.sleep(300)" >/dev/null 2>&1 & sleep 0.5',
      'pkill -f create_server',
      /listeners: .*python3/,
    ],
  ];
  test('each of them, and nothing once they are gone', async () => {
    for (const [, plant] of PLANTED) await inside(plant);
    const found = await findings();
    for (const [name, , , pattern] of PLANTED) expect(found.join('\n'), name).toMatch(pattern);
    for (const [, , remove] of PLANTED) await inside(remove);
    expect(await findings()).toEqual([]);
  });
});

describe('fence and uid', () => {
  test('an older order is refused and says what the node has seen', async () => {
    expect(await run({ playbook: 'verify_clean', fence: fence - 1 })).toMatchObject({
      ok: false,
      reason: 'FenceTooLow',
      fenceSeen: fence,
      uidSeen: uid,
      outcomeUnknown: false,
    });
  });

  test('a uid is never given twice, not even to the same account', async () => {
    const first = await createAccount('ruidtest1');
    await run({ playbook: 'delete_user', fence: ++fence, ...first });
    for (const account of ['ruidtest1', 'ruidtest2']) {
      expect(
        await run({ playbook: 'create_user', fence: ++fence, account, uid: first.uid, publicKey, expiresAt }),
      ).toMatchObject({ ok: false, reason: 'FenceTooLow', uidSeen: first.uid });
    }
    expect(await inside('ls /home /etc/ssh/orion')).not.toContain('ruidtest');
  });

  test('an account that is there with another uid is not touched', async () => {
    const first = await createAccount('rresidue1');
    const other = {
      playbook: 'create_user',
      account: first.account,
      uid: ++uid,
      publicKey,
      expiresAt,
    } as const;
    expect(await run({ ...other, fence: ++fence })).toMatchObject({ ok: false, reason: 'PlaybookFailed' });
    await run({ playbook: 'delete_user', fence: ++fence, ...first });
  });

  test('a second order waits for the first one on the node', async () => {
    const results = await Promise.all([
      run({ playbook: 'verify_clean', fence: ++fence }),
      run({ playbook: 'verify_clean', fence }),
    ]);
    expect(results.map((result) => result.ok)).toEqual([true, true]);
  });
});

describe('when it goes wrong', () => {
  test('a node that is frozen costs its deadline and nobody else anything', async () => {
    await worker.freeze();
    try {
      expect(await run({ playbook: 'verify_clean', fence: ++fence }, { timeoutMs: 2_000 })).toMatchObject({
        ok: false,
        outcomeUnknown: true,
      });
    } finally {
      await worker.thaw();
    }
    expect(await findings()).toEqual([]);
  });

  test.each([
    ['HostKeyChanged', () => ({ hostKey: publicKey, expiresAt })],
    ['AuthRefused', () => ({ privateKeyPath: join(home, 'keys', 'tenant') })],
    ['ControlKeyUnreadable', () => ({ privateKeyPath: join(home, 'nowhere') })],
    ['ConnectionRefused', () => ({ port: 1 })],
    ['PlaybookFailed', () => ({ hostKey: null })],
  ] as const)('%s', async (reason, change) => {
    const result = await run({ playbook: 'verify_clean', fence }, { on: { ...target, ...change() } });
    expect(result, JSON.stringify(result)).toMatchObject({ ok: false, reason, outcomeUnknown: false });
  });

  test('no python3 on the node', async () => {
    await inside('mv /usr/bin/python3 /usr/bin/python3.away');
    try {
      expect(await run({ playbook: 'verify_clean', fence })).toMatchObject({ ok: false, reason: 'NoPython' });
    } finally {
      await inside('mv /usr/bin/python3.away /usr/bin/python3');
    }
  });

  test('the warm process dies under a run: unknown, and the next one has another', async () => {
    const request = { playbook: 'verify_clean', fence: ++fence } as const;
    const lost = run(request);
    await expect.poll(async () => (await listMarked(runDir)).length).toBeGreaterThan(1);
    const pids = (await listMarked(runDir)).map(Number);
    process.kill(Math.min(...pids), 'SIGKILL');
    expect(await lost).toMatchObject({ ok: false, reason: 'PlaybookKilled', outcomeUnknown: true });
    expect(await findings()).toEqual([]);
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
          HOME: home,
          LANG: 'C.UTF-8',
          ANSIBLE_CONFIG: join(DEFAULT_ANSIBLE_DIR, 'ansible.cfg'),
        },
      },
    );
  const connection = () => ({
    ansible_port: port,
    ansible_user: 'root',
    ansible_ssh_private_key_file: target.privateKeyPath,
    ansible_ssh_args:
      '-F /dev/null -o ControlMaster=no -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null',
  });

  test('check mode says what would be and changes nothing', async () => {
    const before = await inside('cat /var/lib/orion/state.json /etc/passwd');
    const variables = {
      orion_fence: fence + 5,
      orion_account: 'rbyhand01',
      orion_uid: uid + 5,
      orion_public_key: publicKey,
      orion_expires_at: expiresAt.getTime() / 1_000,
    };
    const result = await byHand({ ...connection(), ...variables });
    expect(result.stdout).toContain('changed=1');
    expect(await inside('cat /var/lib/orion/state.json /etc/passwd')).toBe(before);
  });

  test('templates and second lines in the marked values neither run nor pass the module', async () => {
    const canary = join(home, 'canary');
    for (const text of [
      `{{ lookup('pipe','touch ${canary}') }}`,
      `${publicKey}\n${publicKey}`,
      `command="x" ${publicKey}`,
    ]) {
      const variables = { orion_fence: fence + 5, orion_account: 'rbyhand01', orion_uid: uid + 5 };
      const result = await byHand({
        ...connection(),
        ...variables,
        orion_public_key: { __ansible_unsafe: text },
        orion_expires_at: expiresAt.getTime() / 1_000,
      });
      expect(result.stdout).toContain('the public key is not exactly');
    }
    expect(existsSync(canary)).toBe(false);
  });
});

test('what a killed daemon left is ended before the first run', async () => {
  const directory = join(home, 'killed');
  const child = spawn('sleep', ['600'], {
    env: { ORION_RUNNER: directory },
    detached: true,
    stdio: 'ignore',
  });
  const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  const next = await createPlaybookRunner({ runDir: directory, logger: silent, warm: false });
  expect(await exited).toBe('SIGKILL');
  const result = await next.run(
    target,
    { playbook: 'verify_clean', fence: ++fence },
    { timeoutMs: 60_000, signal: new AbortController().signal },
  );
  expect(result).toMatchObject({ ok: true, findings: [] });
  await next.close();
  expect(readdirSync(directory)).toEqual([]);
});
