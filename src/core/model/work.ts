import { isOwnFault } from '../failure/own-fault.ts';
import { type FailureReason, REMEDIES } from '../failure/remedy.ts';
import type { Differences } from './differences.ts';
import type { Access } from './lease.ts';
import type { HeldLimit, LimitName } from './limits.ts';
import type { Placement } from './rental.ts';

/** One piece of work on one node, ordered by a save and carried out under that save's fence number. */
export type Work =
  /**
   * Make or repair the account of a placement, then ask sshd whether it accepts the key. `kept`: the client is
   * already there, and stays whatever limits the policy now requires.
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
       * The node leaves the fleet: its mark of the fleet is removed last, and limits for clients no longer matter.
       */
      leave?: boolean;
    };

/** A person allowed the node to be taken from another fleet, by the request with this number. */
export interface Adoption {
  fleet: string;
  request: number;
}

/** A person accepted these differences from the baseline, by the request with this number. */
export interface Acceptance {
  ids: readonly string[];
  request: number;
}

/** What somebody changed on the node by hand, to be repaired as part of a piece of work. */
export interface Repair {
  /** The changes that were seen, in words: to the live placement, and to the way in for accounts. */
  access: string[];
  way: string[];
  /** Accounts or key files that belong to nobody were seen. */
  strays: boolean;
  /** Earlier cleaning failed, possibly because of something that was not seen. */
  precaution: boolean;
  /** The number of this repair in the current series on the node. */
  count: number;
}

/** What a repair did, even if it failed later on. */
export interface Repaired {
  access: boolean;
  way: boolean;
  /** Strays that were removed. */
  removed: string[];
  /** Why strays could not be removed from a node in use; its client must not suffer for that. */
  left: string | null;
}

/** How a piece of work ended. */
export type WorkOutcome =
  | {
      kind: 'done';
      fenceSeen: number;
      uidSeen: number;
      findings: string[];
      /** The findings that a person may accept, and those that were accepted with this work. */
      differences?: Differences;
      accepted?: string[];
      /** Which limits hold on the node, if the work measured them. */
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
      /** With OtherFleet: the fleet that the node belongs to. */
      fleetSeen?: string | null;
      repaired?: Repaired;
    }
  /** Not done through the control plane's own fault: says nothing about the node, and is soon repeated. */
  | { kind: 'postponed'; message: string; repaired?: Repaired }
  /** Cut off by the daemon itself: says nothing about the node. */
  | { kind: 'aborted' };

/** The reconciler's work on a node: at most one piece at a time. */
export interface Run {
  work: Work;
  fence: number;
  /** Null while it is still running. */
  outcome: WorkOutcome | null;
}

/** What the node reported about itself; nothing when it was not asked. */
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

/** Why a piece of work did not succeed; null when it did, and while nothing is known. */
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
 * The node removed as much as time allowed. Such an attempt never counts towards quarantine: every process of the
 * tenant is dead, so nobody adds to what is left and the attempts come to an end.
 */
export function isUnfinished(outcome: WorkOutcome | null | undefined): boolean {
  return outcome?.kind === 'failed' && outcome.reason === 'RemovalUnfinished';
}

/** Did the work fail because the node can't be reached, not because the work is wrong? The prober judges that. */
export function isUnreachable(reason: FailureReason): boolean {
  return reason === 'PlaybookUnreachable' || REMEDIES[reason].retry !== 'work';
}
