import type { FailureReason } from '../failure/remedy.ts';
import type { Differences } from '../model/differences.ts';
import type { Access } from '../model/lease.ts';
import type { HeldLimit, LimitName, LimitsPolicy } from '../model/limits.ts';
import type { NodeTarget } from './node-access.ts';

/** The playbooks under ansible/ and the variables that each one takes: a fixed set. */
export type PlaybookRequest =
  /** `keepBaseline`: prepares only the way in for accounts; what is on the node now does not become the baseline. */
  | { playbook: 'prepare_node'; fence: number; keepBaseline?: boolean; limits?: LimitsPolicy }
  | ({ playbook: 'create_user'; fence: number; account: string; uid: number; limits?: LimitsPolicy } & Access)
  | { playbook: 'delete_user'; fence: number; account: string; uid: number }
  /** Removes every account in Orion's uid range, and every key file, except those of `keep`. */
  | { playbook: 'remove_strays'; fence: number; keep: { account: string; uid: number } | null }
  /**
   * `leave`: the node leaves the fleet; if it is clean, any other may take it. `accept`: ids of differences from the
   * baseline that a person has seen; those that are still there become part of it.
   */
  | { playbook: 'verify_clean'; fence: number; leave?: boolean; accept?: readonly string[] };

export type PlaybookResult =
  | {
      ok: true;
      changed: boolean;
      /** Highest fence number and uid that the node knows of. */
      fenceSeen: number;
      uidSeen: number;
      /** What does not belong on the node and is still there; empty when clean. */
      findings: string[];
      /** For verify_clean: the findings that may be accepted, if any, and those that were. */
      differences?: Differences;
      accepted?: string[];
      /** For prepare_node and create_user: which limits hold on the node. */
      limits?: Record<LimitName, HeldLimit>;
      /** For remove_strays: what was removed. */
      removed: string[];
    }
  | {
      ok: false;
      reason: FailureReason;
      /** Failing task and message, bounded, no secret. */
      task: string | null;
      message: string;
      /** With FenceTooLow: what the node has seen. */
      fenceSeen: number | null;
      /** The node has proven that this fleet gave it the number. */
      fenceProven?: boolean;
      uidSeen: number | null;
      /** With OtherFleet: the fleet that the node belongs to. */
      fleetSeen?: string | null;
      /** True when the run may have been cut off in the middle, so that the node's state is unknown. */
      outcomeUnknown: boolean;
    };

/** Runs Ansible. Every run has a deadline, at which its whole process group is killed. */
export interface PlaybookRunner {
  /** Never rejects: failures are results. */
  run(
    target: NodeTarget,
    request: PlaybookRequest,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<PlaybookResult>;
  close(): Promise<void>;
}
