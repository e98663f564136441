import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { deviceName, needsOwnNetwork } from './network.ts';
import { readSettings } from './settings.ts';

const home = mkdtempSync(join(tmpdir(), 'orion-settings-'));
afterAll(() => rmSync(home, { recursive: true }));

function withNode(node: string): Record<string, string> {
  const path = join(home, 'inventory.yaml');
  const key = `\${ORION_HOME}/keys/control_ed25519`;
  writeFileSync(path, `defaults: { user: root, privateKey: "${key}" }\nnodes:\n  - { ${node} }\n`);
  return { ORION_HOME: home, ORION_INVENTORY: path };
}

test('without any setting there is one daemon behind port 8443', async () => {
  const settings = await readSettings(withNode('name: w1, host: 127.0.0.1, port: 2201'));
  expect(settings).toMatchObject({ home, httpsPort: 8443, replicas: 1 });
  expect(settings.nodes.map(({ name, host, port }) => ({ name, host, port }))).toEqual([
    { name: 'w1', host: '127.0.0.1', port: 2201 },
  ]);
});

test.each([
  [{ ORION_HTTPS_PORT: '0' }, 'ORION_HTTPS_PORT: expected a number from 1 to 65535, not "0".'],
  [{ ORION_HTTPS_PORT: '84x' }, 'ORION_HTTPS_PORT: expected a number from 1 to 65535, not "84x".'],
  [{ ORION_REPLICAS: '-1' }, 'ORION_REPLICAS: expected a number from 1 to 9'],
  [{ ORION_DB_NODES: '3' }, 'ORION_DB_NODES'],
  [{ ORION_HOME: `/tmp/${'x'.repeat(120)}` }, 'too long for the unix sockets'],
])('%j is refused with one sentence', async (more, message) => {
  await expect(
    readSettings({ ...withNode('name: w1, host: 127.0.0.1, port: 2201'), ...more }),
  ).rejects.toThrow(message);
});

test.each([
  ['name: w1, host: 192.0.2.1, port: 22', 'must be in 127.0.0.0/8 or 10.231.0.0/16, not 192.0.2.1'],
  ['name: w1, host: 127.0.0.1, port: 2201, user: admin', 'is reached as root, not admin'],
  ['name: w1, host: 127.0.0.1, port: 99999', 'inventory.yaml:3:'],
])('a node that the lab cannot make is refused: %s', async (node, message) => {
  await expect(readSettings(withNode(node))).rejects.toThrow(message);
});

test('only nodes of one network get one of their own, each with its own device name', () => {
  expect(needsOwnNetwork('127.0.0.1')).toBe(false);
  expect(needsOwnNetwork('10.232.0.1')).toBe(false);
  expect(needsOwnNetwork('10.231.0.1')).toBe(true);
  expect(deviceName('10.231.1.12')).not.toBe(deviceName('10.231.11.2'));
  expect(deviceName('10.231.255.255').length).toBeLessThanOrEqual(15);
});
