import { expect } from 'vitest';
import type { Worker } from '../lab/worker.ts';

// What tenants do to the sshd of their own machine: connections that never log in.

/** Replaces the lab's own MaxStartups, which takes more connections to fill. */
export async function limitListener(worker: Worker, limit: string): Promise<void> {
  const script = `sed -i 's/^MaxStartups .*/MaxStartups ${limit}/' /etc/ssh/sshd_config; kill -HUP "$(cat /run/sshd.pid)"`;
  await worker.exec(['sh', '-ec', script]);
  const [begin, , full] = limit.split(':');
  await expect.poll(() => readTitle(worker), { timeout: 60_000 }).toContain(`of ${begin}-${full} startups`);
}

/** An account with a key file, and the folder of a prepared node, as Orion creates them. */
export const ACCOUNT_SCRIPT = `
  mkdir -p -m 700 /var/lib/orion && mkdir -p /etc/ssh/orion && touch /etc/ssh/orion/rfiller01
  echo 'rfiller01:x:20017:65534::/tmp:/bin/sh' >>/etc/passwd`;

/** Opens the connections as the account, replaces each that sshd turns away, and holds them as long as it can. */
export const FILLER = `
import select, socket, sys, time
port, wanted = int(sys.argv[1]), int(sys.argv[2])
open_ones = []
while True:
    while len(open_ones) < wanted:
        try:
            open_ones.append(socket.create_connection(("127.0.0.1", port), 5))
        except OSError:
            time.sleep(0.05)
    # One that can be read and says nothing more was turned away; the greeting is left unread.
    for each in open_ones[:]:
        try:
            text = each.recv(64, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            continue
        except OSError:
            text = b""
        if not text.startswith(b"SSH-"):
            open_ones.remove(each)
            each.close()
    time.sleep(0.02)
`;

/** Runs as `uid` on the worker, without logging in. */
export async function fillListener(
  worker: Worker,
  { uid, port, connections }: { uid: number; port: number; connections: number },
): Promise<void> {
  const start = `cat >/tmp/filler.py; setsid -f setpriv --reuid ${uid} --regid 65534 --clear-groups python3 /tmp/filler.py ${port} ${connections} >/dev/null 2>&1 </dev/null`;
  const { exitCode, stderr } = await worker.exec(['sh', '-ec', start], { input: FILLER });
  if (exitCode !== 0) throw new Error(stderr);
}

/** The listener's process title shows how many are about to log in. */
export async function readTitle(worker: Worker): Promise<string> {
  return (await worker.exec(['sh', '-c', 'ps -eo args | grep "[l]istener"'])).stdout;
}
