import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../connection/pool.ts';
import { inTransaction } from '../connection/transaction.ts';

/** How long the lock of a killed process blocks others. */
const LEASE_MS = 15_000;
const RENEW_MS = 4_000;
const WAIT_DEADLINE_MS = 300_000;

/**
 * Lets one process migrate at a time. The lock is a row with an expiry in database time, because a Galera cluster
 * grants GET_LOCK on two nodes at once. `assertHeld` throws once the lock is lost.
 */
export async function withMigrationLock<Result>(
  pool: Pool,
  work: (assertHeld: () => void) => Promise<Result>,
): Promise<Result> {
  const holder = randomUUID();
  const deadline = performance.now() + WAIT_DEADLINE_MS;
  while (!(await take(pool, holder))) {
    if (performance.now() > deadline) throw new Error('another process has been migrating for too long');
    await sleep(200);
  }
  let heldUntil = performance.now() + LEASE_MS;
  const renewal = setInterval(async () => {
    const startedAt = performance.now();
    // The next renewal makes up for a failed one; the expiry counts from the last that succeeded.
    const renewed = await take(pool, holder).catch(() => false);
    if (renewed) heldUntil = startedAt + LEASE_MS;
  }, RENEW_MS);
  try {
    return await work(() => {
      if (performance.now() > heldUntil) throw new Error('the migration lock was lost');
    });
  } finally {
    clearInterval(renewal);
    await release(pool, holder);
  }
}

/** Also renews it. */
async function take(pool: Pool, holder: string): Promise<boolean> {
  return await inTransaction(pool, async ({ execute }) => {
    await execute(`INSERT IGNORE INTO schema_lock VALUES ('schema', '', now(3))`);
    const result = await execute(
      `UPDATE schema_lock SET holder = ?, expires_at = now(3) + INTERVAL ? MICROSECOND
       WHERE name = 'schema' AND (holder = ? OR expires_at <= now(3))`,
      [holder, LEASE_MS * 1000, holder],
    );
    return result.affectedRows === 1;
  });
}

async function release(pool: Pool, holder: string): Promise<void> {
  await inTransaction(pool, ({ execute }) =>
    execute(`UPDATE schema_lock SET expires_at = now(3) WHERE name = 'schema' AND holder = ?`, [holder]),
  ).catch(() => undefined); // It expires by itself.
}
