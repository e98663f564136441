import { setCondition } from '../model/condition.ts';
import { computeExpiry } from '../model/lease.ts';
import { setSuspected } from '../model/listener-fill.ts';
import type { RecordedFill, Rental, RentalRecord } from '../model/rental.ts';
import { setRestarted } from '../model/restart.ts';
import type { RentalDecision } from './decision.ts';

/** The record to save; the same object when nothing changed. */
export function recordOf(
  rental: Rental,
  decision: RentalDecision,
  listenerFill: RecordedFill | null,
  now: Date,
): RentalRecord {
  const old = rental.record;
  const { phase, reason, message, lostAt, expiresAt, toldBeforeEndMs, place } = decision;
  // While Orion is paused, a lease that is over is not ended yet, but the node no longer lets its client in.
  const isOver = expiresAt !== null && expiresAt <= now;
  const isReady = !isOver && (phase === 'Active' || (phase === 'Migrating' && lostAt === null));
  const suspected = setSuspected(old.conditions, listenerFill);
  const next: RentalRecord = {
    ...old,
    phase,
    lostAt,
    expiresAt,
    toldBeforeEndMs,
    queuePosition: place?.position ?? null,
    queueEstimateAt: place?.estimateAt ?? null,
    observedGeneration:
      decision.observes && isSpecApplied(rental) ? rental.generation : old.observedGeneration,
    conditions: setCondition(
      // An ending placement needs no announced restart. If only the incoming one ends, the next pass announces it.
      decision.change.kind === 'end' ? suspected : setRestarted(suspected, decision.restart),
      { type: 'Ready', status: isReady ? 'True' : 'False', reason, message },
      now,
    ),
    listenerFill,
    endedAt: decision.ended ? now : old.endedAt,
  };
  const isSame = (Object.keys(next) as (keyof RentalRecord)[]).every((key) =>
    next[key] instanceof Date ? +next[key] === +(old[key] ?? 0) : next[key] === old[key],
  );
  return isSame ? old : next;
}

/**
 * Only the key and the end of the lease need work on a node. An applied end that is later than the lease's own, as
 * after the ttl was shortened, takes nothing from the client and is corrected in the background.
 */
function isSpecApplied(rental: Rental): boolean {
  const ready = rental.placements.filter(({ endedAt, readyAt }) => endedAt === null && readyAt !== null);
  const end = computeExpiry(rental)?.getTime() ?? 0;
  return ready.every(
    ({ appliedKey, appliedExpiresAt }) =>
      appliedKey === rental.spec.sshPublicKey && end <= (appliedExpiresAt?.getTime() ?? Infinity),
  );
}
