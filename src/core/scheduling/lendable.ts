import type { Reason } from '../failure/reason.ts';
import { type Health, isSuspect } from '../health/health.ts';
import { isReturnHeld, LAST_UID, type Node } from '../model/node.ts';
import { STATES } from '../model/node-states.ts';

/** What decides whether a node may be lent, regardless of who asks for it and who has it now. */
export interface LendingFacts {
  node: Pick<Node, 'spec' | 'requests' | 'record'>;
  health: Health | undefined;
  /** Another node has the same host key. */
  keyShared?: boolean;
  /** It died again and again, and has not been steady for long enough since. */
  flapping?: boolean;
  /** An inspection found something on it that is not as it was when it was verified clean. */
  drifted?: boolean;
}

export type NotLendable = Extract<
  Reason,
  | 'Retiring'
  | 'OtherFleet'
  | 'Draining'
  | 'Cordoned'
  | 'HostKeyShared'
  | 'Quarantined'
  | 'AwaitingOperator'
  | 'NotAlive'
  | 'Flapping'
  | 'Drifted'
  | 'UidsExhausted'
>;

/**
 * Why a node may not be lent; null when it may, as soon as it is free and clean. The one rule for both placement and
 * the condition `Schedulable`.
 */
export function whyNotLendable({
  node: { spec, requests, record },
  health,
  keyShared = false,
  flapping = false,
  drifted = false,
}: LendingFacts): NotLendable | null {
  const { notLendable } = STATES[record.state];
  if (spec.retiring) return 'Retiring';
  if (record.otherFleet !== null) return 'OtherFleet';
  if (requests.draining) return 'Draining';
  if (requests.cordoned) return 'Cordoned';
  if (keyShared) return 'HostKeyShared';
  if (notLendable === 'Quarantined') return notLendable;
  if (isReturnHeld(record)) return 'AwaitingOperator';
  if (notLendable === 'NotAlive' || (health && isSuspect(health))) return 'NotAlive';
  if (flapping) return 'Flapping';
  if (drifted && notLendable === null) return 'Drifted';
  return record.nextUid > LAST_UID ? 'UidsExhausted' : null;
}
