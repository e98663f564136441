import { eq } from 'drizzle-orm';
import { FIRST_SECRET, type SecretVersion } from '../../core/tenant/secret-rotation.ts';
import type { Connection } from '../connection/pool.ts';
import { tenants } from '../schema-access.ts';

export async function loadSecretVersion({ db }: Connection, tenant: string): Promise<SecretVersion> {
  const { webhookSecretVersion: version, webhookRotatedAt: rotatedAt } = tenants;
  const [row] = await db.select({ version, rotatedAt }).from(tenants).where(eq(tenants.name, tenant));
  return row ?? FIRST_SECRET;
}

export async function rotateSecret({ execute }: Connection, tenant: string, now: Date): Promise<void> {
  await execute(
    `INSERT INTO tenants (name, webhook_secret_version, webhook_rotated_at, updated_at) VALUES (?, 2, ?, ?)
     ON DUPLICATE KEY UPDATE
       webhook_secret_version = webhook_secret_version + 1,
       webhook_rotated_at = VALUES(webhook_rotated_at)`,
    [tenant, now, now],
  );
}
