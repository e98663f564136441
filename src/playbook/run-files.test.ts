import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { NodeTarget } from '../core/ports/node-access.ts';
import type { PlaybookRequest } from '../core/ports/playbooks.ts';
import { findFault, writeRunFiles } from './run-files.ts';

const publicKey = `ssh-ed25519 ${Buffer.concat([
  Buffer.from([0, 0, 0, 11]),
  Buffer.from('ssh-ed25519'),
  Buffer.from([0, 0, 0, 32]),
  Buffer.alloc(32, 7),
]).toString('base64')}`;
const target: NodeTarget = {
  name: 'all',
  host: '127.0.0.1',
  port: 22_221,
  user: 'root',
  privateKeyPath: '/keys/control',
  hostKey: publicKey,
};
const expiresAt = new Date('2026-05-04T13:00:00.000Z');
const create = {
  playbook: 'create_user',
  fence: 3,
  account: 'r7f3k2a9',
  uid: 20_001,
  publicKey,
  expiresAt,
} as const;

const options = { timeoutMs: 900_000, ansibleDir: '/opt/orion/ansible/' };

describe('an order with a fault is never run', () => {
  const PAYLOADS = [
    "{{ lookup('pipe','id') }}",
    '{% if 1 %}',
    '{# x #}',
    '!unsafe x',
    '@/etc/passwd',
    '-e become=yes',
    'a b',
    "a'b",
    'a"b',
    '../x',
    'root',
    'a\nb',
    'r7f3k2a9\n',
    '',
  ];
  test.each(PAYLOADS)('%j', (payload) => {
    const orders: PlaybookRequest[] = [
      { ...create, account: payload },
      { ...create, publicKey: payload },
      { ...create, publicKey: `${publicKey}${payload || ' '}` },
      { ...create, publicKey: `${payload || ' '}${publicKey}` },
      { playbook: 'delete_user', fence: 3, account: payload, uid: 20_001 },
    ];
    for (const order of orders) expect(findFault(target, order)).toBeTypeOf('string');
    for (const part of [{ user: `-${payload}` }, { hostKey: payload }, { host: `-${payload}` }]) {
      expect(findFault({ ...target, ...part }, create)).toBeTypeOf('string');
    }
  });

  test.each([
    { ...create, uid: 19_999 },
    { ...create, uid: 60_000 },
    { ...create, uid: 20_000.5 },
    { ...create, fence: 0 },
    { ...create, expiresAt: new Date('2026-05-04T13:00:00.500Z') },
    { ...create, expiresAt: new Date('never') },
    { ...create, fence: Number.NaN },
    { ...create, fence: 2 ** 53 },
  ])('numbers out of their range: %o', (order) => {
    expect(findFault(target, order)).toBeTypeOf('string');
  });

  test('a host key that is not known', () => {
    expect(findFault({ ...target, hostKey: null }, create)).toContain('not known yet');
    expect(findFault(target, create)).toBeNull();
  });
});

test('a removal has half the time of its run, so that it can say how far it came', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'orion-files-'));
  try {
    const remove = { playbook: 'delete_user', fence: 3, account: 'r7f3k2a9', uid: 20_001 } as const;
    const files = await writeRunFiles(directory, target, remove, options);
    expect(JSON.parse(readFileSync(files.variables, 'utf8'))).toMatchObject({ orion_seconds: 450 });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('files of a run are private, strings are marked unsafe, and the name of the node is not used', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'orion-files-'));
  try {
    const files = await writeRunFiles(directory, target, create, options);
    expect(JSON.parse(readFileSync(files.variables, 'utf8'))).toEqual({
      orion_fence: 3,
      orion_account: { __ansible_unsafe: 'r7f3k2a9' },
      orion_uid: 20_001,
      orion_public_key: { __ansible_unsafe: publicKey },
      orion_expires_at: Date.UTC(2026, 4, 4, 13) / 1_000,
    });
    expect(statSync(files.variables).mode & 0o777).toBe(0o600);
    const inventory = JSON.parse(readFileSync(files.inventory, 'utf8'));
    expect(Object.keys(inventory.all.hosts)).toEqual(['node']);
    expect(inventory.all.hosts.node).toMatchObject({ ansible_become: false, ansible_port: 22_221 });
    expect(inventory.all.hosts.node.ansible_ssh_args).toContain('StrictHostKeyChecking=yes');
    expect(readFileSync(join(directory, 'known_hosts'), 'utf8')).toBe(`orion-node ${publicKey}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
