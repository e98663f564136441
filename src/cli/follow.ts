import type { Rental } from '../client/protocol/operations.ts';
import { CliError } from './cli-error.ts';
import type { Context } from './context.ts';
import { startDeadline } from './deadline.ts';
import { createProgress, type Progress } from './progress.ts';
import { formatPlace } from './queue-text.ts';
import { messageOf, reasonOf } from './resources.ts';

export const ENDED: readonly Rental['status']['phase'][] = ['Released', 'Failed'];

interface Goal {
  isThere: (rental: Rental) => boolean;
  /** As `--for` names it. */
  what: string;
  timeoutMs: number;
  /** Prints the steps except the last, which is left to the caller. When left out, all steps go to stderr. */
  progress?: Progress;
}

/**
 * Follows a rental until it reaches the goal, with a line of progress for each step. Throws when it ended otherwise,
 * or when the time is up (with the exit code for a timeout).
 */
export async function followRental(context: Context, id: string, goal: Goal): Promise<Rental> {
  const { io } = context;
  const { isThere, what, timeoutMs, progress = createProgress(io) } = goal;
  const deadline = startDeadline(io, timeoutMs);
  let last: Rental | null = null;
  const watching = { signal: deadline.signal, until: () => isEnded(last) };
  try {
    for await (const rental of context.client().watch('getRental', { params: { id } }, watching)) {
      last = rental;
      const line = describeStep(rental, io.now());
      const isDone = isThere(rental);
      if (!isDone || goal.progress === undefined) progress.step(line);
      if (isDone) return rental;
      if (isEnded(rental)) throw new CliError(`${line}; it will not become ${what}`);
      if (reasonOf(rental) === 'Unsatisfiable' && NEEDS_NODE.test(what)) throw neverMatched(rental, line);
    }
    const name = (last as Rental | null)?.name ?? id;
    throw deadline.errorFor(
      `rental ${name} is not ${what}`,
      `keep waiting with: orion wait ${name} --for ${what}`,
    );
  } finally {
    progress.end();
    deadline.clear();
  }
}

/** Goals that no rental reaches without a node. */
const NEEDS_NODE = /^(provisioning|active|migrating|condition=ready(=true)?)$/i;

/** It waits forever unless a matching machine joins, and a user who waits with it would not know. */
function neverMatched({ name }: Rental, line: string): CliError {
  return new CliError(`${line}; ${name} waits for a matching machine to join`, {
    hint: `give it up with: orion release ${name}  and request what there is: orion get nodes -o wide`,
  });
}

export function isReady({ status }: Rental): boolean {
  return status.phase === 'Active' && status.connection !== null;
}

function isEnded(rental: Rental | null): boolean {
  return rental !== null && ENDED.includes(rental.status.phase);
}

/** `mine: provisioning on worker_3`. */
export function describeStep(rental: Rental, now: Date): string {
  return `${rental.name}: ${describeStatus(rental, now)}`;
}

function describeStatus(rental: Rental, now: Date): string {
  const { phase, node, queuePosition, queueEstimateAt, placements } = rental.status;
  const incoming = placements.findLast((placement) => placement.endedAt === null)?.node ?? null;
  const reason = reasonOf(rental) === '-' ? '' : `: ${reasonOf(rental)}, ${messageOf(rental)}`;
  const where = node ?? incoming;
  const on = where === null ? '' : ` on ${where}`;
  switch (phase) {
    case 'Pending':
      if (queuePosition === null) return `pending${reason}`;
      return `queued at ${formatPlace(queuePosition, queueEstimateAt, now)}${reason}`;
    case 'Provisioning':
    case 'Active':
      return `${phase.toLowerCase()}${on}`;
    case 'Migrating':
      return node === null || incoming === null ? `migrating${on}` : `migrating from ${node} to ${incoming}`;
    default:
      return `${phase.toLowerCase()}${on}${reason}`;
  }
}
