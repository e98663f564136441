import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import type { NodeView } from '../core/view/node-view.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import { checkInvariants } from '../store/check.ts';
import type { Lab } from './lab.ts';
import { type LabOptions, startLab } from './up.ts';

/** A whole lab for one test file: real database, sshd workers, Ansible, daemon and proxy. */
export interface TestLab {
  lab: Lab;
  home: string;
  call(method: string, path: string, body?: unknown, options?: { token?: string }): Promise<Answer>;
  rent(body?: object): Promise<Rented>;
  rental(id: string): Promise<RentalView>;
  phaseOf(id: string): Promise<RentalView['status']['phase']>;
  /** Only for a rental with access. */
  connectionOf(id: string): Promise<Connection>;
  /** Expects the same placements as in `rented`; on a busy machine a first node may have failed it before that. */
  expectNotMoved(rented: Rented): Promise<void>;
  node(name: string): Promise<NodeView>;
  /** Undefined: there is no such node. */
  stateOf(name: string): Promise<NodeView['status']['state'] | undefined>;
  events(query?: string): Promise<{ type: string; reason: string; message: string; node: string | null }[]>;
  /** Logs in as a client would, with the host key pinned. Resolves with the command's exit code and output. */
  login(
    rented: Rented,
    connection: Connection,
    command: string,
  ): Promise<{ exitCode: number | undefined; stdout: string; stderr: string }>;
  /** Writes an inventory of these nodes, one flow mapping each, with the same policy. No daemon is notified. */
  writeInventory(nodes: string[]): Promise<void>;
  /** Kills the first daemon. Resolves when its successor runs. */
  killDaemon(): Promise<void>;
  /** Ends all rentals until every node is free, and expects no broken invariant: the start of each test. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers as they come
  body: any;
}
export type Connection = NonNullable<RentalView['status']['connection']>;
export type Rented = RentalView & { privateKey: string };

export const WAIT = { timeout: 60_000, interval: 100 };

export async function openTestLab(options: {
  basePort: number;
  nodes: number;
  policy?: string;
  /** A node's entry in the inventory besides its port, by its number from 1. Default: a name, w1, w2, … */
  describe?: (i: number) => string;
  lab?: Partial<LabOptions>;
}): Promise<TestLab> {
  const home = await mkdtemp(join(tmpdir(), 'orion-lab-'));
  const inventory = join(home, 'inventory.yaml');
  const nodes = Array.from(
    { length: options.nodes },
    (_, i) => `{ ${options.describe?.(i + 1) ?? `name: w${i + 1}`}, port: ${options.basePort + 1 + i} }`,
  );
  const policy =
    options.policy ?? 'probe: { deadAfter: 3s, successes: 1, healthyDelay: 0s, timeout: 3s, interval: 5s }';
  const writeInventory = (list: string[]) =>
    writeFile(
      inventory,
      [
        'policy:',
        `  ${policy}`,
        'defaults:',
        '  host: 127.0.0.1',
        `  privateKey: ${join(home, 'keys/control_ed25519')}`,
        'nodes:',
        ...list.map((node) => `  - ${node}`),
        '',
      ].join('\n'),
    );
  await writeInventory(nodes);
  const env = {
    ...process.env,
    ORION_HOME: home,
    ORION_INVENTORY: inventory,
    ORION_HTTPS_PORT: String(options.basePort),
    ORION_LOG_LEVEL: 'debug',
  };
  const lab = await startLab({ ...options.lab, env }).catch(async (error: unknown) => {
    await rm(home, { recursive: true, force: true });
    throw error;
  });
  return wrap(lab, home, writeInventory);
}

function wrap(lab: Lab, home: string, writeInventory: TestLab['writeInventory']): TestLab {
  const ca = readFileSync(lab.caPath);
  const tokens = lab.tokens as NonNullable<Lab['tokens']>;

  function call(
    method: string,
    path: string,
    body?: unknown,
    { token = path.startsWith('/api/rent') ? tokens.tenant : tokens.admin } = {},
  ): Promise<Answer> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      ...(text ? { 'content-type': 'application/json' } : {}),
      'content-length': String(Buffer.byteLength(text)),
    };
    return new Promise((resolve, reject) => {
      const sent = request(`${lab.url}${path}`, { method, ca, headers, timeout: 90_000 }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk) => {
          answer += chunk;
        });
        response.on('end', () => {
          const isJson = response.headers['content-type']?.includes('json');
          const body = isJson ? JSON.parse(answer) : answer || null;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      sent.on('error', reject).on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer`)));
      sent.end(text);
    });
  }

  const test: TestLab = {
    lab,
    home,
    call,
    async rent(body = {}) {
      const answer = await call('POST', '/api/rent', body);
      expect(answer.status, JSON.stringify(answer.body)).toBe(201);
      return answer.body;
    },
    async rental(id) {
      const answer = await call('GET', `/api/rentals/${id}`);
      expect(answer.status).toBe(200);
      return answer.body;
    },
    phaseOf: async (id) => (await test.rental(id)).status.phase,
    connectionOf: async (id) => (await test.rental(id)).status.connection as Connection,
    async expectNotMoved({ id, status }) {
      const now = (await test.rental(id)).status;
      expect(now).toMatchObject({ phase: 'Active', node: status.node });
      const list = (placements: RentalView['status']['placements']) =>
        placements.map(({ epoch, node, endReason }) => ({ epoch, node, endReason }));
      expect(list(now.placements)).toEqual(list(status.placements));
    },
    async node(name) {
      return (await call('GET', `/api/nodes/${name}`)).body;
    },
    stateOf: async (name) => (await test.node(name)).status?.state,
    async events(query = '') {
      return (await call('GET', `/api/events?limit=500${query}`)).body.items;
    },
    writeInventory,
    login: (rented, connection, command) => login(home, rented, connection, command),
    async killDaemon() {
      const pid = lab.daemonPid('daemon_1');
      if (pid !== null) process.kill(pid, 'SIGKILL');
      await vi.waitUntil(() => lab.daemonPid('daemon_1') !== pid, WAIT);
    },
    async settle() {
      const { items } = (await call('GET', '/api/rentals?limit=500')).body;
      for (const { id } of items) await call('DELETE', `/api/rentals/${id}`);
      for (const [name, worker] of lab.workers) {
        if (!(await worker.isRunning())) await lab.startWorker(name);
      }
      await expect
        .poll(
          async () =>
            (await call('GET', '/api/nodes')).body.items.map((n: NodeView) => `${n.name} ${n.status.state}`),
          WAIT,
        )
        .toEqual([...lab.workers.keys()].toSorted().map((name) => `${name} free`));
      const checked = await checkInvariants(lab.databaseUrl);
      expect(checked.filter(({ broken }) => broken !== 0)).toEqual([]);
    },
    async close() {
      await lab.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
  return test;
}

async function login(
  home: string,
  rented: Rented,
  { host, port, user, hostKey }: Connection,
  command: string,
) {
  const folder = await mkdtemp(join(home, 'login-'));
  const key = join(folder, 'key');
  const knownHosts = join(folder, 'known_hosts');
  await writeFile(key, rented.privateKey, { mode: 0o600 });
  // ssh writes a host on port 22 without the port.
  await writeFile(knownHosts, `${port === 22 ? host : `[${host}]:${port}`} ${hostKey}\n`);
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'ConnectTimeout=30',
  ];
  const { exitCode, stdout, stderr } = await execa(
    'ssh',
    [
      '-F',
      'none',
      '-i',
      key,
      '-p',
      String(port),
      ...options.flatMap((option) => ['-o', option]),
      `${user}@${host}`,
      command,
    ],
    { reject: false, timeout: 60_000, stdin: 'ignore' },
  );
  return { exitCode, stdout, stderr };
}
