import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type System, startSystem } from './system.ts';

// Failures of machines and of the database, made with Docker's own commands.

let system: System;
let machine: string;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.close());
afterEach(async () => {
  await system?.orion('release mine').catch(() => undefined);
});

/** Machines that have just been started are not all verified yet. */
async function rent(): Promise<void> {
  await system.orion('rent --name mine --queue');
  machine = await system.whereIs('mine');
}

/** The client can log in to another machine, and nothing of theirs is on the old one once it is back. */
async function expectMoved(bringBack: string): Promise<void> {
  const { user } = JSON.parse(await system.orion('get rentals mine -o json')).status.connection;
  await system.orion(`wait node/${machine} --for dead`);
  expect(await system.whereIs('mine')).not.toBe(machine);
  await system.run(bringBack);
  await system.isFree(machine);
  expect(await system.run(`docker exec ${machine} sh -c 'id ${user} || ls /home'`)).not.toContain(user);
  expect(await system.orion(`get events --node ${machine} -o json`)).toContain('node.cleaning');
}

test('docker pause: a machine that froze is left, and cleaned when it thaws', async () => {
  await rent();
  await system.run(`docker pause ${machine}`);
  await expectMoved(`docker unpause ${machine}`);
});

test('docker network disconnect: a machine that is cut off is left, and cleaned when it is back', async () => {
  await rent();
  await system.run(`docker network disconnect orion_test_workers ${machine}`);
  await expectMoved(`docker network connect orion_test_workers ${machine}`);
});

test('all machines frozen at once: nobody is moved', async () => {
  await rent();
  const all = 'worker_1 worker_2 worker_3 worker_4 worker_5';
  await system.run(`docker pause ${all}`);
  await system.orion(`wait node/${machine} --for dead`);
  expect(await system.orion('describe rental mine')).toContain('MigrationHeld');
  await system.run(`docker unpause ${all}`);
  await system.orion('wait mine --for Active --timeout 3m');
  expect(await system.whereIs('mine')).toBe(machine);
});

test('docker restart of the database: clear answers meanwhile, and nobody notices on the machines', async () => {
  await rent();
  const ask = `curl --silent --show-error --max-time 10 --cacert "$ORION_CA" -H "Authorization: Bearer $ORION_TOKEN" \
    --write-out '\\n%{http_code} %{content_type} %header{retry-after}\\n' --output /dev/null $ORION_URL/api/rentals`;
  const answers = await system.run(`docker restart orion_test-db-1 >&2 & restart=$!
    while kill -0 $restart 2>/dev/null; do ${ask}; sleep 0.2; done; wait $restart`);
  const kinds = new Set(answers.split('\n').filter(Boolean));
  // With so many requests within seconds, at least one got a 503 with Retry-After.
  expect([...kinds].filter((kind) => !kind.startsWith('200 '))).toEqual([
    expect.stringMatching(/^503 application\/problem\+json \d+$/),
  ]);
  await expect.poll(() => system.whereIs('mine').catch(String)).toBe(machine);
  await expect.poll(() => system.orion('rent -o name').catch(String)).toMatch(/^rental\//);
  expect(await system.orion('get events --rental mine -o json')).not.toContain('rental.migrat');
});
