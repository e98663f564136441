import { setTimeout as sleep } from 'node:timers/promises';
import type { Rental } from '../client/operations.ts';
import type { RentalPhase } from '../core/rental.ts';
import { CliError, EXIT } from './cli-error.ts';
import type { Context } from './context.ts';
import { messageOf, reasonOf } from './resources.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const ENDED: readonly RentalPhase[] = ['Released', 'Failed'];

/**
 * Follows a rental until it is as wanted, with a line of progress for each step. Ends with an error when it has
 * ended otherwise, and with the code for a timeout when the time is up.
 */
export async function followRental(
  context: Context,
  nameOrId: string,
  options: { isThere: (rental: Rental) => boolean; what: string; timeoutMs: number },
): Promise<Rental> {
  const { io } = context;
  const deadline = new AbortController();
  const stop = AbortSignal.any([io.signal, deadline.signal]);
  const tick = sleep(Math.min(options.timeoutMs, LONGEST_TIMER_MS), undefined, { signal: stop, ref: true })
    .then(() => deadline.abort())
    .catch(() => undefined);
  let last: Rental | null = null;
  let lastLine = '';
  try {
    for await (const rental of context
      .client()
      .watch('getRental', { params: { id: nameOrId } }, { signal: stop, until: () => isEnded(last) })) {
      last = rental;
      const line = describeStep(rental);
      if (line !== lastLine) io.err(`${line}\n`);
      lastLine = line;
      if (options.isThere(rental)) return rental;
      if (isEnded(rental)) throw new CliError(`${line}; it will not become ${options.what}`);
    }
    if (io.signal.aborted) throw new CliError('interrupted', { exitCode: EXIT.interrupted });
    const seconds = Math.round(options.timeoutMs / 1_000);
    const name = (last as Rental | null)?.name ?? nameOrId;
    throw new CliError(`rental ${name} is not ${options.what} after ${seconds} s`, {
      exitCode: EXIT.timedOut,
      hint: `wait on with: orion wait ${name} --for ${options.what}`,
    });
  } finally {
    deadline.abort();
    await tick;
  }
}

function isEnded(rental: Rental | null): boolean {
  return rental !== null && ENDED.includes(rental.status.phase);
}

function describeStep(rental: Rental): string {
  const { phase, node, queuePosition, placements } = rental.status;
  const incoming = placements.findLast((placement) => placement.endedAt === null)?.node ?? null;
  const where =
    phase === 'Migrating' && node !== null ? ` from ${node} to ${incoming}` : onNode(node ?? incoming);
  const queue = queuePosition === null ? '' : `, place ${queuePosition} in the queue`;
  const reason =
    phase === 'Active' || reasonOf(rental) === '-' ? '' : `: ${reasonOf(rental)}, ${messageOf(rental)}`;
  return `${rental.name} is ${phase}${where}${queue}${reason}`;
}

function onNode(node: string | null): string {
  return node === null ? '' : ` on ${node}`;
}
