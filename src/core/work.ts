import type { PlaybookResult } from './ports.ts';
import { type FailureReason, REMEDIES } from './remedy.ts';
import type { Placement } from './rental.ts';

/** One piece of work on one node, ordered by a save and carried out under that save's fence number. */
export type Work =
  /** Make or repair the account of a placement, then ask sshd whether it takes the key. */
  | { kind: 'ensureAccess'; epoch: number; account: string; uid: number; publicKey: string }
  /** Prepare the node if needed, remove what is left of ended placements, verify independently. */
  | { kind: 'clean'; prepare: boolean; residue: Pick<Placement, 'epoch' | 'account' | 'uid'>[] };

/** How a piece of work ended. */
export type WorkOutcome =
  | { kind: 'done'; fenceSeen: number; uidSeen: number; findings: string[] }
  | {
      kind: 'failed';
      reason: FailureReason;
      message: string;
      fenceSeen: number | null;
      uidSeen: number | null;
    }
  /** Cut off by the daemon itself: says nothing about the node. */
  | { kind: 'aborted' };

/** What the reconciler remembers of work on a node: at most one at a time. */
export interface Run {
  work: Work;
  fence: number;
  /** Null while it is still running. */
  outcome: WorkOutcome | null;
}

/** The outcome as far as a playbook tells it. */
export function outcomeOf(result: PlaybookResult): WorkOutcome {
  if (result.ok) {
    const { fenceSeen, uidSeen, findings } = result;
    return { kind: 'done', fenceSeen, uidSeen, findings };
  }
  const message = result.task ? `${result.task}: ${result.message}` : result.message;
  return {
    kind: 'failed',
    reason: result.reason,
    message,
    fenceSeen: result.fenceSeen,
    uidSeen: result.uidSeen,
  };
}

/** Failures that say that the node can't be reached, not that the work is wrong: the prober judges those. */
export function isUnreachable(reason: FailureReason): boolean {
  return reason === 'PlaybookUnreachable' || REMEDIES[reason].retry !== 'work';
}
