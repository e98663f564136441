import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rental } from '../client/protocol/operations.ts';
import type { Io } from './io.ts';
import { stateFile } from './key-files.ts';
import { formatAge } from './table.ts';

/** The machine at this user's last login from here, as a line of text; null: unknown. */
function readLast(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/**
 * One line on what happened to the machine since the user last logged in to the rental; null: nothing. The next
 * login does not get it again.
 */
export function tellSinceLastLogin(io: Io, rental: Rental): string | null {
  const serving = servingOf(rental);
  const path = stateFile(io, 'logins', rental.id);
  if (serving === null || path === null) return null;
  const { restart = null } = rental.status;
  const now = `${serving.epoch} ${restart?.at ?? '-'}\n`;
  const last = readLast(path);
  if (last === now) return null;
  try {
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    writeFileSync(path, now, { mode: 0o600 });
  } catch {
    // It will be reported again next time.
  }
  if (last?.split(' ')[0] === String(serving.epoch))
    return restart && describeRestart(rental, restart.at, io);
  return describeMove(rental, serving, io) ?? (restart && describeRestart(rental, restart.at, io));
}

type Placement = Rental['status']['placements'][number];

export function servingOf({ status }: Rental): Placement | null {
  return status.placements.find(({ node, endedAt }) => endedAt === null && node === status.node) ?? null;
}

function describeRestart({ status }: Rental, at: string, io: Io): string {
  return `${status.node} was restarted ${formatAge(at, io.now())} ago: what ran there is gone`;
}

const WHY: Record<string, string> = { NodeDead: 'which died', NodeDrained: 'which was being emptied' };

function describeMove({ name, status }: Rental, serving: Placement, io: Io): string | null {
  const old = status.placements.findLast(({ epoch, readyAt }) => epoch < serving.epoch && readyAt !== null);
  if (old?.endedAt == null) return null;
  const why = WHY[old.endReason ?? ''] ?? old.endReason;
  const since = formatAge(old.endedAt, io.now());
  return `${name} was moved from ${old.node}, ${why}, to ${serving.node} ${since} ago; its processes and files are not here`;
}
