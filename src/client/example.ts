import { readFileSync } from 'node:fs';
import { createClient } from './client.ts';
import { ApiError } from './protocol/errors.ts';

/** Rents a machine for an hour, tells on which node it is until it is gone, and lets it go at the end. */
export async function useMachine(signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  const { ORION_URL = 'https://localhost:8443', ORION_TOKEN = null, ORION_CA } = process.env;
  const ca = ORION_CA ? readFileSync(ORION_CA, 'utf8') : null;
  const orion = createClient({ url: new URL(ORION_URL), token: ORION_TOKEN, ca }, signal);
  try {
    const rented = await orion.call('rent', { body: { ttl: '1h' } }, { timeoutMs: 90_000 });
    const params = { id: rented.id };
    tell(`${rented.name}: ${rented.status.connection?.command}`);
    for await (const { status } of orion.watch('getRental', { params }, { signal })) {
      tell(`${status.phase} on ${status.node}`);
      if (status.phase === 'Active') await orion.call('releaseRental', { params });
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const later = error.retryAfterS === null ? '' : `, try again in ${error.retryAfterS} s`;
    tell(`refused (${error.code}): ${error.message}${later}`);
  } finally {
    orion.close();
  }
}
