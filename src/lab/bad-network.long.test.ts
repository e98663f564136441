import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createChance } from './chance.fixture.ts';
import { type DelayRelay, startDelayRelay } from './delay-relay.fixture.ts';
import { type Connection, openTestLab, type Rented, type TestLab } from './test-lab.fixture.ts';
import { startWorker, type Worker, writeControlKey } from './worker.ts';

const WAIT = { timeout: 120_000, interval: 200 };
const BASE_PORT = 29_340;
const FAULT_MS = 300_000;
let test: TestLab;
let far: string;
let relay: DelayRelay;
const workers: Worker[] = [];

beforeAll(async () => {
  far = await mkdtemp(join(tmpdir(), 'orion-far-'));
  // The times of the shipped inventory, but more probes, so that more can go wrong.
  const policy = 'probe: { deadAfter: 5s, successes: 1, healthyDelay: 0s, interval: 12s }';
  test = await openTestLab({ basePort: BASE_PORT, nodes: 3, policy });
  const key = { home: far, authorizedKey: await writeControlKey(test.home) };
  // Its own network namespace, because packets can be dropped only there.
  workers.push(await startWorker({ ...key, name: 'lossy', host: '10.231.93.1', port: 22 }));
  const slow = { ...key, name: 'slow', host: '127.0.0.1', port: BASE_PORT + 10 };
  workers.push(await startWorker(slow));
  relay = await startDelayRelay({ port: BASE_PORT + 11, to: slow.port, chance: createChance(7) });
  await test.writeInventory([
    ...[1, 2, 3].map((n) => `{ name: w${n}, port: ${BASE_PORT + n} }`),
    '{ name: lossy, host: 10.231.93.1, port: 22, address: { host: 10.231.93.1, port: 22 }, labels: { is: lossy } }',
    `{ name: slow, port: ${relay.port}, labels: { is: slow } }`,
  ]);
  process.kill(test.lab.daemonPid('daemon_1') as number, 'SIGHUP');
  for (const name of ['lossy', 'slow'])
    await vi.waitUntil(async () => (await test.stateOf(name)) === 'free', WAIT);
}, 400_000);
afterAll(async () => {
  await test?.close();
  await relay?.close();
  await Promise.all(workers.map((worker) => worker.stop()));
  if (far) await rm(far, { recursive: true, force: true });
});

const rentOn = (is: string) => test.rent({ selector: { matchLabels: { is } } });

/** Runs in the node's own network namespace, with this machine's programs. */
async function iptables(...args: string[]): Promise<string> {
  const first = await (workers[0] as Worker).process();
  const inside = [`--target=${first?.pid}`, '--net', 'iptables', ...args];
  return (await execa('nsenter', inside, { timeout: 60_000 })).stdout;
}

/** How often the node was probed during the fault, counted by its `lastChecked`. */
async function watchProbes(name: string, ms: number): Promise<number> {
  const seen = new Set<string | null>();
  for (const end = performance.now() + ms; performance.now() < end; await sleep(1_000))
    seen.add((await test.node(name)).status.lastChecked);
  return seen.size;
}

it(
  'a fifth of the packets lost for five minutes, or 400 ms of delay give or take 200, move nobody',
  async () => {
    const rented: Rented[] = [await rentOn('lossy'), await rentOn('slow')];
    const rule = ['INPUT', '-m', 'statistic', '--mode', 'random', '--probability', '0.2', '-j', 'DROP'];
    await iptables('-A', ...rule);
    relay.setDelay({ meanMs: 400, spreadMs: 200 });
    const [onLossy, onSlow] = await Promise.all([
      watchProbes('lossy', FAULT_MS),
      watchProbes('slow', FAULT_MS),
    ]);
    const counted = await iptables('-L', 'INPUT', '-nvx');
    await iptables('-D', ...rule);
    relay.setDelay({ meanMs: 0, spreadMs: 0 });

    // Both faults were real, and probed.
    const dropped = Number(/^\s*(\d+)\s+\d+\s+DROP/m.exec(counted)?.[1]);
    const mean = relay.delays.reduce((sum, ms) => sum + ms, 0) / relay.delays.length;
    console.log(
      `${dropped} packets lost, ${onLossy} looks; ${relay.delays.length} pieces late by ${mean} ms`,
    );
    expect(dropped).toBeGreaterThan(20);
    expect(onLossy).toBeGreaterThan(15);
    expect(relay.delays.length).toBeGreaterThan(20);
    expect(Math.min(...relay.delays)).toBeGreaterThanOrEqual(200);
    expect(onSlow).toBeGreaterThan(15);

    for (const type of ['rental.migrating', 'rental.migrated', 'rental.lost'])
      expect(await test.events(`&type=${type}`)).toEqual([]);
    for (const rental of rented) {
      await test.expectNotMoved(rental);
      const connection = rental.status.connection as Connection;
      expect((await test.login(rental, connection, 'true')).exitCode).toBe(0);
    }
  },
  FAULT_MS + 300_000,
);
