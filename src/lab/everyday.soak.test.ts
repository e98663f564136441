import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChance } from './chance.fixture.ts';
import { measureProcess, type ProcessUsage } from './process-usage.ts';
import { openTestLab, type TestLab } from './test-lab.fixture.ts';

/** Some minutes of everyday life. ORION_SOAK_MINUTES sets its length, ORION_SOAK_SEED repeats a run. */
const MINUTES = Number(process.env.ORION_SOAK_MINUTES ?? 6);
const SEED = Number(process.env.ORION_SOAK_SEED ?? Date.now() % 2 ** 31);
const NODES = 6;
const WAIT = { timeout: 120_000, interval: 200 };
let test: TestLab;

beforeAll(async () => {
  test = await openTestLab({ basePort: 28_900, nodes: NODES });
}, 180_000);
afterAll(() => test?.close());

type Tally = Record<'rented' | 'refused' | 'released' | 'stopped' | 'started' | 'frozen' | 'thawed', number>;

/** Does one thing that a client or a machine can do now, chosen at random. */
async function act(
  chance: () => number,
  rentals: string[],
  down: Map<string, 'stopped' | 'frozen'>,
  tally: Tally,
) {
  const pick = <Item>(items: Item[]) => items[Math.floor(chance() * items.length)] as Item;
  const dice = chance();
  if (dice < 0.4) {
    const answer = await test.call('POST', '/api/rent?wait=20s', {});
    if (answer.status === 201 || answer.status === 202) rentals.push(answer.body.id);
    tally[answer.status === 503 ? 'refused' : 'rented'] += 1;
    expect([201, 202, 503], JSON.stringify(answer.body)).toContain(answer.status);
  } else if (dice < 0.7 && rentals.length > 0) {
    const id = pick(rentals);
    rentals.splice(rentals.indexOf(id), 1);
    expect((await test.call('DELETE', `/api/rentals/${id}`)).status).toBe(202);
    tally.released += 1;
  } else if (dice < 0.85 && down.size < 2) {
    const name = pick([...test.lab.workers.keys()].filter((worker) => !down.has(worker)));
    const how = chance() < 0.7 ? 'stopped' : 'frozen';
    await (how === 'stopped' ? test.lab.stopWorker(name) : test.lab.freezeWorker(name));
    down.set(name, how);
    tally[how] += 1;
  } else if (down.size > 0) {
    const [name, how] = pick([...down]);
    await (how === 'stopped' ? test.lab.startWorker(name) : test.lab.thawWorker(name));
    down.delete(name);
    tally[how === 'stopped' ? 'started' : 'thawed'] += 1;
  }
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

it(
  `lives through ${MINUTES} minutes of rents, releases and failures without growing or leaving anything`,
  async () => {
    console.log(`seed ${SEED}: repeat with ORION_SOAK_SEED=${SEED}`);
    const chance = createChance(SEED);
    const pid = test.lab.daemonPid('daemon_1') as number;
    const endsAt = performance.now() + MINUTES * 60_000;
    const rentals: string[] = [];
    const down = new Map<string, 'stopped' | 'frozen'>();
    const tally: Tally = { rented: 0, refused: 0, released: 0, stopped: 0, started: 0, frozen: 0, thawed: 0 };
    const samples: ProcessUsage[] = [];
    let sampledAt = 0;
    while (performance.now() < endsAt) {
      await act(chance, rentals, down, tally);
      // The pace of the day, not a wait for anything.
      await sleep(chance() * 3_000);
      if (performance.now() - sampledAt < 5_000) continue;
      sampledAt = performance.now();
      samples.push(await measureProcess(pid));
    }
    expect(test.lab.daemonPid('daemon_1'), 'the daemon was started again').toBe(pid);

    for (const [name, how] of down) {
      await (how === 'stopped' ? test.lab.startWorker(name) : test.lab.thawWorker(name));
    }
    for (const id of rentals) await test.call('DELETE', `/api/rentals/${id}`);
    const idle = async () =>
      (await test.call('GET', '/api/nodes')).body.items.map(
        ({ status }: { status: { state: string } }) => status.state,
      );
    await expect.poll(idle, WAIT).toEqual(Array(NODES).fill('free'));

    // The first third warms up: code is compiled, pools and caches fill.
    const third = Math.floor(samples.length / 3);
    const [early, late] = [samples.slice(third, 2 * third), samples.slice(2 * third)];
    const rows = [early, late].map((part) => ({
      residentMb: median(part.map(({ residentMb }) => residentMb)),
      descriptors: median(part.map(({ descriptors }) => descriptors)),
      sockets: median(part.map(({ sockets }) => sockets)),
      children: median(part.map(({ children }) => children)),
    }));
    const [before, after] = rows as [(typeof rows)[0], (typeof rows)[0]];
    const log = await readFile(join(test.home, 'logs', 'daemon_1.log'), 'utf8');
    const lines = log
      .split('\n')
      .filter((line) => /"node":/.test(line) && !/"level":(10|20),/.test(line)).length;
    console.table({
      ...Object.fromEntries(Object.entries(tally).map(([key, value]) => [key, { count: value }])),
    });
    console.table(rows);
    console.log(`${(lines / NODES / MINUTES).toFixed(1)} log lines about a node each minute`);

    expect(after.residentMb).toBeLessThan(before.residentMb * 1.15 + 5);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 5);
    expect(after.sockets).toBeLessThanOrEqual(before.sockets + 5);
    expect(Math.max(...samples.map(({ zombies }) => zombies))).toBeLessThanOrEqual(1);
    expect(samples.flatMap(({ sharedConnections }) => sharedConnections)).toEqual([]);
    expect(lines / NODES / MINUTES).toBeLessThan(60);

    // Nothing runs for a rental any more: here no Ansible but the warm one, on the nodes no account's process.
    await expect.poll(async () => (await measureProcess(pid)).children, WAIT).toBeLessThanOrEqual(1);
    for (const worker of test.lab.workers.values()) {
      const left = await worker.exec(['sh', '-c', "ps -eo uid,args | awk '$1>=20000 && $1<60000'"]);
      expect(left.stdout).toBe('');
    }
  },
  MINUTES * 60_000 + 400_000,
);
