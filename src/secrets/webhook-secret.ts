import { hkdfSync } from 'node:crypto';

/** The length of `openssl rand -base64 32`; a longer key is accepted, too. */
const MIN_KEY_BYTES = 32;
const SECRET_BYTES = 32;

/** The master key that all tenants' secrets derive from; null when the text is not a key. */
export function parseWebhookKey(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length >= MIN_KEY_BYTES ? key : null;
}

/**
 * The secret with which a tenant verifies messages, in the form of Standard Webhooks. It derives from the master
 * key, so it is stored nowhere, and one tenant's secret reveals nothing about the key or another tenant's.
 */
export function deriveWebhookSecret(key: Buffer, tenant: string, version: number): string {
  // A tenant's name is a DNS label, so the text can be read in only one way.
  const info = `orion webhook secret\n${tenant}\n${version}`;
  return `whsec_${Buffer.from(hkdfSync('sha256', key, '', info, SECRET_BYTES)).toString('base64')}`;
}
