import { isOwnFault } from '../failure/own-fault.ts';
import { type FailureReason, REMEDIES } from '../failure/remedy.ts';
import type { Differences } from './differences.ts';
import type { Access } from './lease.ts';
import type { HeldLimit, LimitName } from './limits.ts';
import type { Placement } from './rental.ts';

/** One piece of work on one node, ordered by a save and carried out under that save's fence number. */
export type Work =
  /**
   * Make or repair the account of a placement, then ask sshd whether it takes the key. `kept`: the client is there
   * already, and stays whatever limit the policy has come to require.
   */
  | ({
      kind: 'ensureAccess';
      epoch: number;
      account: string;
      uid: number;
      kept?: true;
      repair?: Repair;
      adopt?: Adoption;
    } & Access)
  /** Prepare the node if needed, remove what is left of ended placements, verify independently. */
  | {
      kind: 'clean';
      prepare: boolean;
      residue: Pick<Placement, 'epoch' | 'account' | 'uid'>[];
      repair?: Repair;
      adopt?: Adoption;
      accept?: Acceptance;
      /**
       * The node leaves the fleet: what marks it as the fleet's goes last, and what a client could take of it does not
       * matter any more.
       */
      leave?: boolean;
    };

/** A person lets the node be taken from another fleet: which one, and by which of their requests. */
export interface Adoption {
  fleet: string;
  request: number;
}

/** A person lets differences from the baseline in: which ones, and by which of their requests. */
export interface Acceptance {
  ids: readonly string[];
  request: number;
}

/** What somebody changed on the node by hand, to be put right with a piece of work. */
export interface Repair {
  /** What was seen to be changed, in words: of the live placement, and of the way in for accounts. */
  access: string[];
  way: string[];
  /** Accounts or key files were seen that belong to nobody. */
  strays: boolean;
  /** Earlier cleaning failed, and what was not seen may be why. */
  precaution: boolean;
  /** Which repair of the node in a row this is. */
  count: number;
}

/** What a repair did; also one that failed later on. */
export interface Repaired {
  access: boolean;
  way: boolean;
  /** Strays that were removed. */
  removed: string[];
  /** Why strays could not be removed from a node that is in use; its client is not to suffer from that. */
  left: string | null;
}

/** How a piece of work ended. */
export type WorkOutcome =
  | {
      kind: 'done';
      fenceSeen: number;
      uidSeen: number;
      findings: string[];
      /** What of them a person may accept, and what was accepted with this work. */
      differences?: Differences;
      accepted?: string[];
      /** Which limits hold on the node, where the work has measured them. */
      limits?: Record<LimitName, HeldLimit>;
      repaired?: Repaired;
    }
  | {
      kind: 'failed';
      reason: FailureReason;
      message: string;
      fenceSeen: number | null;
      /** The number is proven to be this fleet's. */
      fenceProven?: boolean;
      uidSeen: number | null;
      accepted?: string[];
      limits?: Record<LimitName, HeldLimit>;
      /** With OtherFleet: whose the node is. */
      fleetSeen?: string | null;
      repaired?: Repaired;
    }
  /** The control plane could not do it for a fault of its own: says nothing about the node, and is done again soon. */
  | { kind: 'postponed'; message: string; repaired?: Repaired }
  /** Cut off by the daemon itself: says nothing about the node. */
  | { kind: 'aborted' };

/** What the reconciler remembers of work on a node: at most one at a time. */
export interface Run {
  work: Work;
  fence: number;
  /** Null while it is still running. */
  outcome: WorkOutcome | null;
}

/** What the node said of itself; nothing when it was not asked. */
type Said = Pick<WorkOutcome & { kind: 'failed' }, 'fenceSeen' | 'uidSeen' | 'fenceProven' | 'fleetSeen'>;

export function failed(
  reason: FailureReason,
  message: string,
  { fenceSeen, uidSeen, fenceProven, fleetSeen }: Said = { fenceSeen: null, uidSeen: null },
): WorkOutcome {
  if (isOwnFault(reason)) return { kind: 'postponed', message };
  const proven = fenceProven ? { fenceProven } : {};
  return {
    kind: 'failed',
    reason,
    message,
    fenceSeen,
    uidSeen,
    ...proven,
    ...(fleetSeen ? { fleetSeen } : {}),
  };
}

/** Why a piece of work did not bring what it should; null when it did, and while nothing is known. */
export function failureOf(
  outcome: WorkOutcome | null | undefined,
): { reason: FailureReason; message: string } | null {
  if (outcome?.kind === 'failed') return { reason: outcome.reason, message: outcome.message };
  if (outcome?.kind !== 'done' || outcome.findings.length === 0) return null;
  const more = outcome.findings.length - SHOWN_FINDINGS;
  const found = outcome.findings.slice(0, SHOWN_FINDINGS).join('; ');
  return { reason: 'ResidueFound', message: `found ${found}${more > 0 ? `; and ${more} more` : ''}` };
}

const SHOWN_FINDINGS = 5;

/**
 * The node removed as much as there was time for. Such a try never counts towards quarantine: nobody adds to what is
 * left, since every process of the tenant is dead, so the tries end.
 */
export function isUnfinished(outcome: WorkOutcome | null | undefined): boolean {
  return outcome?.kind === 'failed' && outcome.reason === 'RemovalUnfinished';
}

/** Failures that say that the node can't be reached, not that the work is wrong: the prober judges those. */
export function isUnreachable(reason: FailureReason): boolean {
  return reason === 'PlaybookUnreachable' || REMEDIES[reason].retry !== 'work';
}
