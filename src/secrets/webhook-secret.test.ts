import { expect, test } from 'vitest';
import { deriveWebhookSecret, parseWebhookKey } from './webhook-secret.ts';

const key = Buffer.alloc(32, 1);
const secret = (tenant: string, version: number, master = key) =>
  deriveWebhookSecret(master, tenant, version);

test('a secret has the form of Standard Webhooks and is the same at each asking', () => {
  expect(secret('lab', 1)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(secret('lab', 1)).toBe(secret('lab', 1));
});

test('each tenant, each version and each master key has another one', () => {
  const all = [secret('lab', 1), secret('lab', 2), secret('lab1', 1), secret('lab', 1, Buffer.alloc(32, 2))];
  expect(new Set(all).size).toBe(4);
});

test('a master key is at least 32 bytes in base64', () => {
  expect(parseWebhookKey(key.toString('base64'))).toEqual(key);
  expect(parseWebhookKey(Buffer.alloc(48, 3).toString('base64'))?.length).toBe(48);
  for (const text of [
    '',
    'short',
    Buffer.alloc(31).toString('base64'),
    `${'a'.repeat(43)} `,
    'ä'.repeat(50),
  ]) {
    expect(parseWebhookKey(text)).toBeNull();
  }
});
