import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { NodeView } from '../core/view/node-view.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import { checkInvariants } from '../store/check.ts';
import { listMarked } from './processes.ts';
import type { Answer, Connection, Rented, TestLab } from './test-lab.fixture.ts';
import { ensureKeyPair } from './worker.ts';

const WAIT = { timeout: 180_000, interval: 100 };

/** A client that repeats each request that broke off, and checks of what is then true of the lab. */
export interface CrashStory {
  /** Applies the rental of this name until it is accepted. Resolves with its id. */
  apply(name: string): Promise<string>;
  release(id: string): Promise<void>;
  untilActive(id: string, isThere?: (node: string) => boolean): Promise<string>;
  untilReleased(id: string): Promise<void>;
  untilState(node: string, state: string): Promise<void>;
  /** Resolves when the node is free, or was free and already has another rental. */
  untilPassedOn(node: string, id: string): Promise<void>;
  /** Expects that nothing runs, every node is free or lent, and the machines match what is stored. */
  expectConverged(active: string[]): Promise<void>;
  insist(method: string, path: string, body?: unknown): Promise<Answer>;
}

export async function openCrashStory(test: TestLab): Promise<CrashStory> {
  const sshPublicKey = await ensureKeyPair(join(test.home, 'keys', 'client'), 'client');

  /** While the daemon restarts, the proxy answers 502 or 503, or not at all. */
  async function insist(method: string, path: string, body?: unknown): Promise<Answer> {
    let answer: Answer | null = null;
    await expect
      .poll(async () => {
        answer = await test.call(method, path, body).catch(() => null);
        return answer !== null && answer.status < 500;
      }, WAIT)
      .toBe(true);
    return answer as unknown as Answer;
  }
  const rental = async (id: string) => (await insist('GET', `/api/rentals/${id}`)).body as RentalView;
  const node = async (name: string) => (await insist('GET', `/api/nodes/${name}`)).body as NodeView;
  const listNodes = async () => (await insist('GET', '/api/nodes?limit=500')).body.items as NodeView[];

  const story: CrashStory = {
    insist,
    apply: async (name) => {
      const { status, body } = await insist('PUT', `/api/rentals/${name}`, { sshPublicKey });
      expect(status, JSON.stringify(body)).toBeLessThan(300);
      return body.id;
    },
    release: async (id) => {
      expect((await insist('DELETE', `/api/rentals/${id}`)).status).toBe(202);
    },
    untilActive: async (id, isThere = () => true) => {
      const isReady = async () => {
        const { phase, node } = (await rental(id)).status;
        return phase === 'Active' && node !== null && isThere(node);
      };
      await expect.poll(isReady, WAIT).toBe(true);
      return (await rental(id)).status.node as string;
    },
    untilReleased: async (id) => {
      await expect.poll(async () => (await rental(id)).status.phase, WAIT).toBe('Released');
    },
    untilState: async (name, state) => {
      await expect.poll(async () => (await node(name)).status.state, WAIT).toBe(state);
    },
    untilPassedOn: async (name, id) => {
      const isPassedOn = async () => {
        const { state, rental } = (await node(name)).status;
        return state === 'free' || (rental !== null && rental !== id);
      };
      await expect.poll(isPassedOn, WAIT).toBe(true);
    },
    expectConverged: async (active) => {
      await expect
        .poll(async () => (await listNodes()).filter(({ status }) => !isSettled(status.state)).length, WAIT)
        .toBe(0);
      await expect.poll(() => countRuns(test), WAIT).toBe(0);
      const rentals = await Promise.all(active.map(rental));
      await expectTruth(test, await listNodes(), rentals);
      const checked = await checkInvariants(test.lab.databaseUrl);
      expect(checked.filter(({ broken }) => broken !== 0)).toEqual([]);
    },
  };
  return story;
}

const isSettled = (state: string) => state === 'free' || state === 'allocated';

/** Processes of Ansible that talk to a node. */
async function countRuns({ home }: TestLab): Promise<number> {
  const marked = await listMarked('ORION_RUNNER', join(home, 'run', 'playbooks-daemon_1'));
  const commands = await Promise.all(
    marked.map(({ pid }) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')),
  );
  return commands.filter((command) => command.startsWith('ssh\0')).length;
}

/** Compares the stored state with the machines: who is on each, and whose key opens it. */
async function expectTruth(test: TestLab, nodes: NodeView[], rentals: RentalView[]): Promise<void> {
  expect(nodes.filter(({ status }) => status.allocated).length).toBe(rentals.length);
  for (const { name, status } of nodes) {
    const own = rentals.filter((rental) => rental.status.node === name);
    expect(own.length, `${name} has ${own.length} rentals`).toBeLessThanOrEqual(1);
    expect(status.rental).toBe(own[0]?.id ?? null);
    const account = own[0]?.status.connection?.user;
    const found = await test.lab.workers.get(name)?.exec(['sh', '-c', LOOK]);
    const expected = account === undefined ? '' : `account ${account}\nkey ${account}`;
    expect(found?.stdout, `what is on ${name}`).toBe(expected);
  }
  for (const { id, status } of rentals) {
    expect(status).toMatchObject({ phase: 'Active' });
    const client = { id, privateKey: await readClientKey(test) } as Rented;
    const shown = status.connection as Connection;
    expect(await test.login(client, shown, 'id -un')).toMatchObject({ exitCode: 0, stdout: shown.user });
  }
}

/** Lists the accounts and keys of clients, and processes and files of uids without an account. */
const LOOK = `awk -F: '$3 >= 20000 && $3 < 60000 { print "account", $1 }' /etc/passwd
  for key in /etc/ssh/orion/*; do [ ! -e "$key" ] || echo "key \${key##*/}"; done
  ps -eo uid,args | awk '$1 >= 20000 && $1 < 60000 { print $1 }' | sort -u | while read -r uid; do
    getent passwd "$uid" >/dev/null || echo "process of $uid"
  done
  find /home /tmp /var/tmp /dev/shm -uid +19999 -uid -60000 -nouser`;

async function readClientKey({ home }: TestLab): Promise<string> {
  return readFile(join(home, 'keys', 'client'), 'utf8');
}
