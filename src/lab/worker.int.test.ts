import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitForBanner } from './banner.ts';
import { deviceName } from './network.ts';
import { isStopped, listMarked, listTree } from './processes.ts';
import { startWorker, type Worker, writeControlKey } from './worker.ts';

const home = mkdtempSync(join(tmpdir(), 'orion-worker-'));
const checkout = fileURLToPath(new URL('../..', import.meta.url));
const port = 24_500 + Math.floor(Math.random() * 2_000);
const never = async () => false;
let authorizedKey: string;
let worker: Worker;

beforeAll(async () => {
  authorizedKey = await writeControlKey(home);
  worker = await startWorker({ home, name: 'w_1', host: '127.0.0.1', port, authorizedKey });
});

afterAll(async () => {
  await worker?.stop();
  expect(await listMarked('ORION_LAB', home)).toEqual([]);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(home);
  rmSync(home, { recursive: true, force: true });
});

function ssh(options: { user?: string; key?: string; port?: number; host?: string }, command: string) {
  const args = [
    '-oBatchMode=yes',
    '-oStrictHostKeyChecking=no',
    '-oUserKnownHostsFile=/dev/null',
    '-oLogLevel=ERROR',
    '-oConnectTimeout=5',
    `-i${options.key ?? `${home}/keys/control_ed25519`}`,
    `-p${options.port ?? port}`,
  ];
  const destination = `${options.user ?? 'root'}@${options.host ?? '127.0.0.1'}`;
  return execa('ssh', [...args, destination, command], { reject: false, timeout: 60_000 });
}

async function inside(script: string): Promise<string> {
  const result = await worker.exec(['/bin/sh', '-c', script]);
  expect(result.stderr).toBe('');
  return result.stdout.trim();
}

describe('what is visible inside', () => {
  test('root logs in with the control key and finds a machine that works', async () => {
    const result = await ssh({}, 'hostname && /usr/bin/python3 -c "print(6*7)" && tty; echo $HOME $SHELL');
    expect(result.stdout.split('\n')).toEqual(['w_1', '42', 'not a tty', '/root /bin/bash']);
  });

  test('nothing of the host but its programs and settings', async () => {
    const mark = join('/var/tmp', `orion-visible-${process.pid}`);
    writeFileSync(mark, '');
    try {
      for (const path of [
        home,
        checkout,
        mark,
        '/var/lib/mysql',
        '/usr/local/bin/node',
        '/proc/1/cwd/work',
      ]) {
        expect(await inside(`ls -d ${path} 2>/dev/null || echo hidden`), path).toBe('hidden');
      }
      for (const folder of ['/tmp', '/var/tmp', '/home', '/dev/shm', '/var/spool/cron/crontabs']) {
        expect(await inside(`ls -A ${folder}`), folder).toBe('');
      }
      expect(await inside('find /sys /sys/fs -mindepth 1 -maxdepth 1')).toBe('/sys/fs\n/sys/fs/cgroup');
      expect(await inside('ls -A /root')).toBe('.ssh');
      expect(await inside('ls /etc/ssh | grep key')).toBe('ssh_host_ed25519_key\nssh_host_ed25519_key.pub');
      expect(await inside('grep -c "[$]" /etc/shadow || true')).toBe('0');
      expect(await inside("awk -F: '$3 >= 1000 && $3 < 65534' /etc/passwd")).toBe('');
    } finally {
      rmSync(mark);
    }
  });

  test('neither processes nor mounts of the host', async () => {
    expect(
      await inside(
        'cat /proc/[0-9]*/comm | sort -u | grep -vE "^(bash|sh|cat|sort|grep|sleep|sshd)$" || true',
      ),
    ).toBe('');
    expect(await inside('test -w /proc/sys/kernel/hostname || echo protected')).toBe('protected');
    expect(await inside('grep -c orion-worker- /proc/mounts || true')).toBe('0');
  });

  test('orphans are collected', async () => {
    await inside('for i in 1 2 3 4 5; do (sleep 0.01 &) ; done');
    await expect.poll(() => inside('grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null || true')).toBe('');
  });

  test('an account with a locked password logs in with its key', async () => {
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${home}/client`]);
    const key = readFileSync(`${home}/client.pub`, 'utf8').trim();
    await inside(
      `useradd -m -u 20000 -p '*' client && install -d -m 700 -o client ~client/.ssh && echo '${key}' > ~client/.ssh/authorized_keys`,
    );
    const result = await ssh({ user: 'client', key: `${home}/client` }, 'id -u; ls -A /root 2>&1');
    expect(result.stdout).toBe("20000\nls: cannot open directory '/root': Permission denied");
  });
});

describe('power', () => {
  test('stopped it is silent, and comes back with its key, accounts and homes, but without /tmp', async () => {
    await inside(
      'useradd -m -u 20001 kept && touch /home/kept/file /tmp/gone /etc/ssh/sshd_config.d/50-kept.conf',
    );
    const before = worker.hostKey;
    await worker.stop();
    // What it was started by ends right after it.
    await expect.poll(() => listMarked('ORION_LAB', home)).toEqual([]);
    expect((await ssh({}, 'true')).exitCode).toBe(255);
    await worker.start();
    const scanned = await execa('ssh-keyscan', ['-t', 'ed25519', '-p', String(port), '127.0.0.1']);
    expect(scanned.stdout).toContain(before);
    expect(await inside('id -u kept; ls /home/kept /tmp /etc/ssh/sshd_config.d')).toBe(
      '20001\n/etc/ssh/sshd_config.d:\n50-kept.conf\n\n/home/kept:\nfile\n\n/tmp:',
    );
  });

  test('frozen every process stands still, thawed they go on', async () => {
    const first = await worker.process();
    await worker.freeze();
    const tree = await listTree(first?.pid ?? 0);
    expect(tree.length).toBeGreaterThan(2);
    for (const pid of tree) expect(await isStopped(pid)).toBe(true);
    expect((await ssh({}, 'true')).exitCode).toBe(255);
    await worker.thaw();
    expect((await ssh({}, 'echo back')).stdout).toBe('back');
  });

  test('with the listener gone a session lives on and new ones are refused', async () => {
    const session = ssh({}, 'read -r line; echo got');
    await expect.poll(() => inside('pgrep -fc "[r]ead -r line" || true')).not.toBe('0');
    await worker.stopListener();
    await expect.poll(async () => (await ssh({}, 'true')).stderr).toContain('refused');
    expect(session.exitCode).toBe(null);
    session.stdin?.end('x\n');
    expect((await session).stdout).toBe('got');
    await worker.startListener();
    expect((await ssh({}, 'echo back')).stdout).toBe('back');
  });

  test('a preparation that was cut off is done again', async () => {
    await worker.stop();
    rmSync(join(worker.folder, 'prepared'));
    await worker.start();
    expect(await inside('ls -A /home')).toBe('');
  });
});

test('a node in 10.231.0.0/16 has a network of its own, and its device goes with it', async () => {
  const host = `10.231.${1 + Math.floor(Math.random() * 200)}.${1 + Math.floor(Math.random() * 250)}`;
  const own = await startWorker({ home, name: 'w_net', host, port: 22, authorizedKey });
  try {
    expect(await waitForBanner({ host, port: 22 }, { timeoutMs: 60_000, ended: never })).toBe(true);
    expect((await own.exec(['ls', '/sys/class/net'])).exitCode).not.toBe(0);
    expect((await ssh({ host, port: 22 }, 'cat /proc/net/dev | grep -c :')).stdout).toBe('2');
  } finally {
    await own.stop();
  }
  expect(existsSync(`/sys/class/net/${deviceName(host)}`)).toBe(false);
});
