import { setTimeout as sleep } from 'node:timers/promises';
import type { Rental } from '../client/protocol/operations.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { followRental, isReady } from './follow.ts';
import { loadRental } from './look-up.ts';
import { createProgress, type Progress } from './progress.ts';
import { reachesSsh } from './reach-ssh.ts';

const KNOCK_TIMEOUT_MS = 3_000;
const KNOCK_AGAIN_MS = 1_000;

/**
 * Waits until the rental is ready and its machine answers. A rental whose machine has just died is still called
 * Active for some seconds. It is loaded again until it was moved or its machine is back.
 */
export async function followToAnswering(
  context: Context,
  rental: Rental,
  timeoutMs: number,
): Promise<Rental> {
  const { io } = context;
  const deadlineAt = performance.now() + timeoutMs;
  const progress = createProgress(io);
  let now = rental;
  try {
    for (;;) {
      const leftMs = Math.max(0, deadlineAt - performance.now());
      if (!isReady(now)) now = await followToReady(context, now, leftMs, progress);
      const { connection, node } = now.status;
      if (connection !== null && (await reachesSsh(connection, KNOCK_TIMEOUT_MS, io.signal))) return now;
      if (io.signal.aborted) throw new CliError('interrupted', { exitCode: EXIT.interrupted });
      if (performance.now() >= deadlineAt) throw notAnswering(now, timeoutMs);
      progress.step(`${now.name}: ${node} does not answer; waiting until it does, or ${now.name} is moved`);
      await sleep(KNOCK_AGAIN_MS, undefined, { signal: io.signal }).catch(() => undefined);
      now = await loadRental(context, now.id);
    }
  } finally {
    progress.end();
  }
}

function followToReady(context: Context, { id }: Rental, timeoutMs: number, progress: Progress) {
  return followRental(context, id, { isThere: isReady, what: 'Active', timeoutMs, progress });
}

function notAnswering({ name, status }: Rental, timeoutMs: number): CliError {
  const { connection, node } = status;
  const where = `${connection?.host}:${connection?.port}`;
  return new CliError(`${node} (${where}) did not answer within ${Math.round(timeoutMs / 1_000)} s`, {
    exitCode: EXIT.timedOut,
    hint: `can ${where} be reached from here? What Orion knows of it: orion explain ${name}`,
  });
}
