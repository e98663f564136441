import type { Reason } from '../failure/reason.ts';
import type { EventType } from '../history/event.ts';
import type { NodeRecord } from '../model/node.ts';
import { STATES } from '../model/node-states.ts';
import type { Repair, Run } from '../model/work.ts';
import { type DriftReport, describeDrift, isDrifted } from './drift.ts';

/** Is there drift to repair now? A node that is changed back each time has to wait. */
export function isRepairDue(drift: DriftReport | null, now: Date): drift is DriftReport {
  return isDrifted(drift) && drift.repairAt <= now;
}

/** What the work on a rented node must also repair. */
export function chooseRepair(drift: DriftReport | null, now: Date): { repair?: Repair } {
  return isRepairDue(drift, now) ? { repair: toRepair(drift, false) } : {};
}

/**
 * What cleaning must also repair; usually nothing. After a failed attempt it searches for strays that no inspection
 * has seen, since they may be what verification found. It never does before the node was verified clean once:
 * accounts that a machine has when it joins belong to somebody, and a person has to judge them.
 */
export function chooseCleaningRepair(record: NodeRecord, drift: DriftReport | null): { repair?: Repair } {
  if (record.preparedAt === null) return {};
  const precaution = record.attempt > 0 || STATES[record.state].work === 'cleanSlowly';
  return precaution || isDrifted(drift) ? { repair: toRepair(drift, precaution) } : {};
}

function toRepair(drift: DriftReport | null, precaution: boolean): Repair {
  const { access, way, strays, nth } = drift ?? { access: [], way: [], strays: [], nth: 1 };
  return { access, way, strays: strays.length > 0, precaution, count: nth };
}

interface Told {
  type: EventType;
  reason: Reason;
  message: string;
}

/** The history entries about what a finished repair did. */
export function describeRepaired({ work, outcome }: Run): Told[] {
  const { repair } = work;
  if (!repair || !outcome || outcome.kind === 'aborted' || !outcome.repaired) return [];
  const { access, way, removed, left } = outcome.repaired;
  const often = repair.count > 1 ? ` (${repair.count} repairs without a quiet hour in between)` : '';
  const events: Told[] = [];
  if (access || way) {
    const seen = [...(access ? repair.access : []), ...(way ? repair.way : [])];
    const message = `repaired: ${describeDrift(seen.length > 0 ? seen : ['the account or the access to it'])}${often}`;
    events.push({ type: 'node.drift_repaired', reason: 'DriftRepaired', message });
  }
  if (removed.length > 0) {
    const message = `removed, owned by no placement: ${describeDrift(removed)}${often}`;
    events.push({ type: 'node.stray_account_removed', reason: 'StrayAccount', message });
  }
  if (left !== null) events.push({ type: 'node.cleaning_failed', reason: 'StrayAccount', message: left });
  return events;
}
