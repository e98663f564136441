import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../core/model/policy.ts';
import { loadInventory, parseInventory } from './load.ts';

const ENV = { ORION_HOME: '/home/orion/.orion' };
const FILE = '/etc/orion/inventory.yaml';

const COMPLETE = `policy:
  probe:   { interval: 30s, timeout: 10s, keepalive: 15s, failures: 3, deadAfter: 30s, successes: 2, healthyDelay: 30s }
  migrate: { interval: 10s, maxInFlight: 3, maxPerRental: 5, breaker: { unhealthyPercent: 40, minNodes: 3, cooldown: 60s } }
  provision: { concurrency: 10, timeout: 10m, retries: 5 }
  clean:     { timeout: 15m, retries: 5 }
  lease:     { default: 6h, max: 12h }
defaults:
  user: root
  privateKey: \${ORION_HOME}/keys/control_ed25519
  host: \${ORION_WORKERS_HOST:-127.0.0.1}
  address: { host: \${ORION_CLIENT_HOST:-127.0.0.1} }
nodes:
  - { name: worker_1, port: 22221, zone: rack-a, labels: { size: small } }
  - { name: worker_2, port: 22222, zone: rack-b, labels: { size: small } }
`;

function parse(text: string, env: Record<string, string> = {}) {
  const result = parseInventory(text, FILE, { ...ENV, ...env });
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.inventory;
}

test('the defaults written out are the defaults', () => {
  const inventory = parse(COMPLETE);
  expect(inventory.policy).toEqual(DEFAULT_POLICY);
  expect(parse('nodes: [{ name: a, host: h }]').policy).toEqual(DEFAULT_POLICY);
  expect(inventory.nodes[1]).toEqual({
    name: 'worker_2',
    host: '127.0.0.1',
    port: 22222,
    user: 'root',
    privateKeyPath: '/home/orion/.orion/keys/control_ed25519',
    pinnedHostKey: null,
    clientHost: '127.0.0.1',
    clientPort: 22222,
    zone: 'rack-b',
    labels: { size: 'small' },
    retiring: false,
  });
});

test('a node says it better than the defaults', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
  const [node] =
    parse(`defaults: { host: 10.0.0.1, port: 2222, user: root, zone: a, labels: { size: small, gpu: none } }
nodes:
  - { name: n1, host: "2001:db8::1", port: 22, user: orion, privateKey: keys/n1, zone: b, labels: { size: large },
      address: { host: n1.example.com, port: 443 }, hostKey: "${key} root@n1" }
`).nodes;
  expect(node).toMatchObject({
    host: '2001:db8::1',
    port: 22,
    user: 'orion',
    privateKeyPath: '/etc/orion/keys/n1',
    pinnedHostKey: key,
    clientHost: 'n1.example.com',
    clientPort: 443,
    zone: 'b',
    labels: { size: 'large', gpu: 'none' },
  });
});

test('references take the environment, else their default', () => {
  const inventory = parse(COMPLETE, { ORION_WORKERS_HOST: 'host.docker.internal', ORION_CLIENT_HOST: '' });
  expect(inventory.nodes[0]).toMatchObject({ host: 'host.docker.internal', clientHost: '127.0.0.1' });
  const [node] = parse('nodes: [{ name: "n\u0024{N}", host: h, port: \u0024{P:-22} }]', {
    N: '7',
    P: '2022',
  }).nodes;
  expect(node).toMatchObject({ name: 'n7', port: 2022 });
});

test('a negative healthyDelay leaves the return of a node to a person; no other time may be negative', () => {
  const withPolicy = (policy: string) =>
    parseInventory(`policy: { ${policy} }\nnodes: [{ name: a, host: h }]`, 'inventory.yaml', {
      ORION_HOME: '/o',
    });
  const loaded = withPolicy('probe: { healthyDelay: -1s }');
  expect(loaded.ok && loaded.inventory.policy.probe.healthyDelayMs).toBe(-1_000);
  expect(withPolicy('probe: { deadAfter: -1s }')).toMatchObject({ ok: false });
  expect(withPolicy('probe: { healthyDelay: --1s }')).toMatchObject({ ok: false });
});

test('an empty section is as good as none', () => {
  const text = 'policy:\ndefaults:\n  # host: here\nnodes:\n  - name: a\n    host: h\n    labels:\n';
  expect(parse(text).nodes).toHaveLength(1);
});

test('a maximum below the default lease lowers it', () => {
  const text = 'policy: { lease: { max: 1h } }\nnodes: [{ name: a, host: h }]';
  expect(parse(text).policy.lease).toEqual({ defaultMs: 3_600_000, maxMs: 3_600_000 });
});

test('aliases may repeat what stands once', () => {
  const text =
    'nodes:\n  - { name: a, host: h, labels: &l { size: small } }\n  - { name: b, host: i, labels: *l }\n';
  expect(parse(text).nodes[1]?.labels).toEqual({ size: 'small' });
});

test('relative key paths count from the folder of the inventory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orion-inventory-'));
  try {
    const path = join(folder, 'fleet.yaml');
    await writeFile(path, 'defaults: { privateKey: keys/control, host: h }\nnodes: [{ name: a }]\n');
    const result = await loadInventory(path, {});
    expect(result).toMatchObject({
      ok: true,
      inventory: { nodes: [{ privateKeyPath: join(folder, 'keys/control') }] },
    });
    expect(await loadInventory(join(folder, 'none.yaml'), {})).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('none.yaml:1:1: there is no such file')],
    });
    expect(await loadInventory(folder, {})).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('expected a file, this is a directory')],
    });
    await writeFile(path, `nodes: []\n${'#'.repeat(5 * 1024 * 1024)}`);
    expect(await loadInventory(path, {})).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('at most 5 MB')],
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('ten thousand nodes are read in time that does not grow with their square', () => {
  const nodes = Array.from(
    { length: 10_000 },
    (_, i) => `  - { name: n${i}, port: ${10_000 + i}, zone: z${i % 9}, labels: { size: small } }`,
  );
  const startedAt = performance.now();
  expect(parse(`defaults: { host: h }\nnodes:\n${nodes.join('\n')}\n`).nodes).toHaveLength(10_000);
  expect(performance.now() - startedAt).toBeLessThan(30_000);
}, 60_000);
