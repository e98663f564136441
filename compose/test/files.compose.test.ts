import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Checkout, createCheckout } from './checkout.ts';

// The compose files as each version of Compose reads them, and the script that writes more of them.

let checkout: Checkout;
beforeAll(async () => {
  checkout = await createCheckout();
  await checkout.run('touch compose/.env');
});
afterAll(() => checkout?.close());

const FILES = ['control-plane', 'workers', 'init'];

test.for(FILES)('%s.yml is accepted without a warning by docker compose 2', async (file) => {
  expect(await checkout.run('docker compose version --short')).toMatch(/^v?[2-9]\./);
  expect(await checkout.run(`docker compose -f compose/${file}.yml config --quiet 2>&1`)).toBe('');
});

test.for(FILES)('%s.yml is accepted without a warning by docker-compose 1.29', async (file, { skip }) => {
  const version = await checkout.run('docker-compose version --short || true');
  skip(!version.startsWith('1.29.'), `docker-compose is ${version || 'not there'}`);
  expect(await checkout.run(`docker-compose -f compose/${file}.yml config --quiet 2>&1`)).toBe('');
});

const configOf = async (file: string) => parse(await checkout.run(`docker compose -f ${file} config`));

test('workers.sh writes what workers.yml has, for five', async () => {
  await checkout.run('mkdir out && compose/workers.sh 5 out');
  // Compose prints the shared part as it is in the file, with a path relative to it.
  const { 'x-worker': _, ...written } = await configOf('out/workers-5.yml');
  const { 'x-worker': __, ...shipped } = await configOf('compose/workers.yml');
  expect(written).toEqual(shipped);
  const inventory = await checkout.run('cat out/inventory-5.yaml');
  const nodes = (text: string) => parse(text).nodes.map(({ labels: _, ...node }: { labels: object }) => node);
  expect(nodes(inventory)).toEqual(nodes(await checkout.run('cat inventory.yaml')));
});

test('workers.sh writes forty, each with a port and a volume of its own, and the inventory that lists them', async () => {
  await checkout.run('compose/workers.sh 40 out');
  const { services, volumes } = await configOf('out/workers-40.yml');
  expect(Object.keys(services)).toHaveLength(40);
  expect(Object.keys(volumes)).toHaveLength(40);
  const ports = Object.values(services).map(
    (service) => (service as { ports: { published: string }[] }).ports[0],
  );
  expect(new Set(ports.map((port) => port?.published)).size).toBe(40);
  const { nodes } = parse(await checkout.run('cat out/inventory-40.yaml'));
  expect(nodes.map(({ port }: { port: number }) => String(port))).toEqual(
    ports.map((port) => port?.published),
  );
});

test.for(['', '0', '1001', '-1', 'five', '07'])(
  'workers.sh refuses "%s" and writes nothing',
  async (count) => {
    const refused = await checkout.run(`compose/workers.sh ${count} 2>&1 || echo "exit $?"`);
    expect(refused).toMatch(/^usage: .*\nexit 2$/);
    expect(await checkout.run('ls compose')).not.toMatch(/workers-|inventory-/);
  },
);
