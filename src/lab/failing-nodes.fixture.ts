import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import pLimit from 'p-limit';
import type { FailureReason } from '../core/failure/remedy.ts';
import { createKeyPair, startSsh, startTcp } from '../ssh/node.fixture.ts';
import { ensureKeyPair, startWorker, type Worker, writeControlKey } from './worker.ts';

/** A node with one real fault. */
export interface FailingNode {
  name: string;
  failure: string;
  how: string;
  reason: FailureReason;
  /** The condition of the node that shows it. */
  condition: 'Reachable' | 'Clean';
  /** Its entry in the inventory. */
  line: string;
}

export interface FailingNodes {
  nodes: FailingNode[];
  close(): Promise<void>;
}

type About = Pick<FailingNode, 'name' | 'failure' | 'how' | 'reason'>;
type Stop = () => Promise<unknown>;

const about = (name: string, reason: FailureReason, failure: string, how: string): About => ({
  name,
  failure,
  how,
  reason,
});

/** Servers that misbehave in one way each, and addresses where no server is. */
const SERVERS: { about: About; start: (neighbour: Worker) => Promise<{ address: string; stop: Stop }> }[] = [
  {
    about: about('refused', 'ConnectionRefused', 'connection refused', 'a port where nothing listens'),
    start: async () => {
      const { port, stop } = await startTcp(() => undefined);
      await stop();
      return at(port, async () => undefined);
    },
  },
  tcp(about('reset', 'ConnectionReset', 'connection reset', 'a server that resets each'), (socket) =>
    socket.resetAndDestroy(),
  ),
  tcp(about('closed', 'ConnectionClosed', 'connection closed', 'a server that hangs up'), (socket) =>
    socket.end(),
  ),
  {
    about: about('dialling', 'DialTimeout', 'timeout while dialling', 'a listener whose queue is full'),
    start: startFullListener,
  },
  tcp(
    about('mute', 'BannerTimeout', 'timeout before the banner', 'a server that accepts and is silent'),
    () => undefined,
  ),
  tcp(
    about('greeting', 'AuthTimeout', 'timeout before the login', 'a server that greets and is silent'),
    (socket) => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'),
  ),
  {
    about: about('exec', 'CommandTimeout', 'timeout on exec', 'an SSH server that starts no command'),
    start: async () => {
      const { port, stop } = await startSsh({ hostKey: createKeyPair(), isExecMute: true });
      return at(port, stop);
    },
  },
  tcp(about('nonsense', 'NonsenseAnswer', 'nonsense answer', 'a web server'), (socket) => {
    socket.write(`HTTP/1.1 400 Bad Request\r\n\r\n${'x'.repeat(20_000)}`);
  }),
  tcp(about('flood', 'NonsenseAnswer', 'banner without end', 'a server that sends lines for ever'), flood),
  {
    about: about('cable', 'HostKeyOfOtherNode', 'host key of another node', 'a forwarding to another node'),
    start: async ({ spec }) => {
      const { port, stop } = await startTcp((socket) => {
        const onward = connect({ host: spec.host, port: spec.port });
        onward.on('error', () => socket.destroy()).on('close', () => socket.destroy());
        socket
          .on('close', () => onward.destroy())
          .pipe(onward)
          .pipe(socket);
      });
      return at(port, stop);
    },
  },
  {
    about: about('name', 'DnsFailed', 'DNS', 'a name under .invalid'),
    start: async () => ({ address: 'host: no-such-host.invalid, port: 22', stop: async () => undefined }),
  },
  {
    about: about('route', 'NoRoute', 'no route', 'an address with an unreachable route'),
    start: async () => {
      const route = ['unreachable', '10.231.255.1/32'];
      await execa('ip', ['route', 'replace', ...route]);
      const stop = () => execa('ip', ['route', 'delete', ...route]);
      return { address: 'host: 10.231.255.1, port: 22', stop };
    },
  },
];

function at(port: number, stop: Stop) {
  return { address: `host: 127.0.0.1, port: ${port}`, stop };
}

function tcp(what: About, onSocket: (socket: Socket) => void): (typeof SERVERS)[number] {
  const start = async () => {
    const { port, stop } = await startTcp(onSocket);
    return at(port, stop);
  };
  return { about: what, start };
}

function flood(socket: Socket): void {
  const send = () => {
    while (!socket.destroyed && socket.write('welcome\r\n'.repeat(1_000)));
  };
  socket.on('drain', send);
  send();
}

/** The kernel drops what arrives at a queue that nobody empties, as a firewall would. */
async function startFullListener() {
  const script = [
    'import socket, sys',
    'server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(0)',
    'waiting = [socket.socket() for _ in range(3)]',
    'for each in waiting: each.setblocking(False); each.connect_ex(server.getsockname())',
    'print(server.getsockname()[1], flush=True); sys.stdin.read()',
  ];
  const child = execa('/usr/bin/python3', ['-c', script.join('\n')], { reject: false });
  const [printed] = await once(child.stdout, 'data');
  return at(Number(printed), () => {
    child.stdin.end();
    return child;
  });
}

/** Real workers on which something was broken before Orion saw them. */
const WORKERS: { about: About; script?: string; more?: (home: string) => Promise<string> }[] = [
  {
    about: about('stranger', 'AuthRefused', 'auth refused', 'a control key that the node does not know'),
    more: async (home) => {
      await ensureKeyPair(join(home, 'stranger'), 'stranger');
      return `privateKey: ${join(home, 'stranger')}`;
    },
  },
  {
    about: about('unkeyed', 'ControlKeyUnreadable', 'control key missing', 'a path where no key is'),
    more: async (home) => `privateKey: ${join(home, 'nowhere')}`,
  },
  {
    about: about('imposter', 'HostKeyChanged', 'host key mismatch', 'another key pinned in the inventory'),
    more: async (home) => `hostKey: "${await ensureKeyPair(join(home, 'other'), 'other')}"`,
  },
  {
    about: about('full', 'DiskFull', 'disk full', 'a file system of 16 kB, filled'),
    script: `mkdir -p /var/lib/orion && mount -t tmpfs -o size=16k tmpfs /var/lib/orion
      ! dd if=/dev/zero of=/var/lib/orion/filler bs=4k 2>/dev/null`,
  },
  {
    about: about('readonly', 'ReadOnlyFilesystem', 'read-only file system', '/etc/ssh mounted read-only'),
    script: 'mount --bind /etc/ssh /etc/ssh && mount -o remount,bind,ro /etc/ssh',
  },
  {
    about: about('snakeless', 'NoPython', 'no python3', '/usr/bin/python3 moved away'),
    script: 'mv /usr/bin/python3 /usr/bin/python3.away',
  },
  {
    about: about('rootless', 'PrivilegeRefused', 'root refused', 'a control account that may not sudo'),
    script: `useradd -m -s /bin/sh -p '*' op && mkdir /home/op/.ssh && cp /root/.ssh/authorized_keys /home/op/.ssh/
      chown -R op /home/op/.ssh && chmod -R go= /home/op/.ssh`,
    more: async () => 'user: op',
  },
  {
    about: about('locked', 'AccountLockHeld', 'passwd lock held', '/etc/.pwd.lock held by a program'),
    script: `cat >/run/hold.py <<'END'
import fcntl, time
lock = open('/etc/.pwd.lock', 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)
open('/run/held', 'w').close()
time.sleep(1000)
END
      setsid -f python3 /run/hold.py >/dev/null 2>&1; until [ -e /run/held ]; do sleep 0.05; done`,
  },
  {
    about: about('misconfigured', 'PlaybookFailed', 'Ansible task failed', 'a bad line in sshd_config'),
    script: 'echo "NoSuchOption yes" >>/etc/ssh/sshd_config',
  },
  {
    about: about('killed', 'PlaybookKilled', 'Ansible killed', "kill -9 of the run's processes"),
    // The run waits for Orion's lock on the node, so that there is time to kill it.
    script: `mkdir -p /var/lib/orion; setsid -f flock /var/lib/orion/lock sleep 1000 >/dev/null 2>&1
      while flock -n /var/lib/orion/lock true; do sleep 0.05; done`,
  },
  {
    about: about(
      'babbling',
      'PlaybookUnreadable',
      'module answer unreadable',
      'a python3 that makes up answers',
    ),
    script: `rm /usr/bin/python3; cat >/usr/bin/python3 <<'END'
#!/bin/sh
cat >/dev/null
echo '{"orion": "all is well"}'
END
      chmod 755 /usr/bin/python3`,
  },
];

/** Makes them all. `home` is for them alone; `neighbour` is a healthy node. */
export async function openFailingNodes(options: {
  home: string;
  firstPort: number;
  neighbour: Worker;
}): Promise<FailingNodes> {
  const { home, firstPort, neighbour } = options;
  const stops: Stop[] = [];
  const authorizedKey = await writeControlKey(home);
  const ownKey = `privateKey: ${join(home, 'keys/control_ed25519')}`;
  const limit = pLimit(4);

  const servers = SERVERS.map(async ({ about: what, start }): Promise<FailingNode> => {
    const { address, stop } = await start(neighbour);
    stops.push(stop);
    return { ...what, condition: 'Reachable', line: `{ name: ${what.name}, ${address}, ${ownKey} }` };
  });
  const workers = WORKERS.map(({ about: what, script, more }, index) =>
    limit(async (): Promise<FailingNode> => {
      const port = firstPort + index;
      const worker = await startWorker({ home, name: what.name, host: '127.0.0.1', port, authorizedKey });
      stops.push(() => worker.stop());
      if (script) await breakWorker(worker, script);
      const extra = (await more?.(home)) ?? '';
      const key = extra.includes('privateKey') ? extra : [ownKey, extra].filter(Boolean).join(', ');
      const condition = script ? 'Clean' : 'Reachable';
      return { ...what, condition, line: `{ name: ${what.name}, port: ${port}, ${key} }` };
    }),
  );
  const close = async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
  const made = await Promise.allSettled([...servers, ...workers]);
  const failed = made.find((result) => result.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { nodes: made.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])), close };
}

async function breakWorker(worker: Worker, script: string): Promise<void> {
  const { exitCode, stderr } = await worker.exec(['bash', '-ec', script]);
  if (exitCode !== 0) throw new Error(`${worker.spec.name}: ${stderr}`);
}
