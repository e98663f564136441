import { randomBytes } from 'node:crypto';
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export function webhookKeyPathOf(home: string): string {
  return join(home, 'keys', 'webhook_key');
}

/** The key from which the tenants' webhook secrets are derived. Made once: another key would change them all. */
export async function ensureWebhookKey(home: string): Promise<void> {
  const path = webhookKeyPathOf(home);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Renamed into place, so that there is never half a key.
  await writeFile(`${path}.new`, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
