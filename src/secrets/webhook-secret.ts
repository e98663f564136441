import { hkdfSync } from 'node:crypto';

/** As `openssl rand -base64 32` makes it, or a longer one. */
const MIN_KEY_BYTES = 32;
const SECRET_BYTES = 32;

/** The master key that all tenants' secrets come from; null when the text is not one. */
export function parseWebhookKey(text: string): Buffer | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length >= MIN_KEY_BYTES ? key : null;
}

/**
 * What a tenant verifies messages with, in the form of Standard Webhooks. It follows from the master key, so that it
 * has to be stored nowhere, and whoever knows one tenant's secret knows nothing of the key or of another one's.
 */
export function deriveWebhookSecret(key: Buffer, tenant: string, version: number): string {
  // A tenant's name is a DNS label, so the line can be read in one way only.
  const info = `orion webhook secret\n${tenant}\n${version}`;
  return `whsec_${Buffer.from(hkdfSync('sha256', key, '', info, SECRET_BYTES)).toString('base64')}`;
}
