import type { Reason } from '../failure/reason.ts';
import type { FailureReason } from '../failure/remedy.ts';
import type { EventType } from '../history/event.ts';
import type { Differences } from '../model/differences.ts';
import type { Access } from '../model/lease.ts';
import type { HeldLimit, LimitName, LimitsPolicy } from '../model/limits.ts';
import type { ProbeResult } from '../model/probe.ts';
import type { AttemptOutcome } from './delivery.ts';

/** Everything that is needed to dial a node as the control plane. */
export interface NodeTarget {
  name: string;
  host: string;
  port: number;
  user: string;
  privateKeyPath: string;
  /** The only host key that is accepted (`ssh-ed25519 AAAA…`); null: accept any and report it. */
  hostKey: string | null;
  /** A person has allowed taking the node from this fleet. */
  adoptFrom?: string | null;
}

/** Watches nodes over held SSH connections. At most one probe per node runs at a time. */
export interface Prober {
  /**
   * Probes a node once. `held` echoes a nonce through the held connection (dialling first when there is none) and
   * reads the listener's banner on a new TCP connection. `fresh` makes a new authenticated connection, runs a
   * command on it and inspects the account files. Never rejects: failures are results. Ends at the deadline or the
   * signal. When only the listener fails, a second deadline follows, within which the listener may be freed.
   */
  probe(
    target: NodeTarget,
    options: { depth: 'held' | 'fresh'; timeoutMs: number; signal: AbortSignal },
  ): Promise<ProbeResult>;
  /** Calls back when a held connection dropped by itself: news, not yet a verdict. */
  onDropped(listener: (node: string) => void): void;
  /** Closes what is held for a node that left the fleet. */
  forget(node: string): void;
  close(): Promise<void>;
}

/** Asks a node whether an account would accept a public key, without having the private one. */
export interface AccessQuery {
  /** Never rejects. `refused` only when sshd answered so; everything else is `unknown`, with the reason. */
  isKeyAccepted(
    target: NodeTarget,
    account: string,
    publicKey: string,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<
    { kind: 'accepted' } | { kind: 'refused' } | { kind: 'unknown'; reason: FailureReason; message: string }
  >;
}

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

export interface Clock {
  /** Wall-clock time, for what is stored and shown. */
  now(): Date;
  /** Milliseconds that never jump, for intervals and deadlines. */
  monotonicMs(): number;
}

/** A clock to wait on. All waits of the reconciler go through it, so that a simulation can control time. */
export interface AlarmClock extends Clock {
  /** Calls back once, after at least `delayMs`. Returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Constant message plus fields, as in pino. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Adds the fields, such as the id of a pass or a request, to every line that is logged while the work runs, by
 * whatever code. Scopes nest. `null` leaves them, for work that starts here but goes on by itself.
 */
export type LogScope = <Result>(fields: object | null, work: () => Result) => Result;

/** A client's wait that ended with a saved decision. */
export type RentalStep =
  /** From the request to the first placement; or from the placement to the first access. */
  | { kind: 'queueWait' | 'provisioning'; durationMs: number }
  /**
   * Until access on the next node: from the verdict that the old one is dead, or, `planned`, from the placement on
   * the new one while the old one still serves.
   */
  | { kind: 'migration'; planned: boolean; durationMs: number };

/** What this process counts about its own work. Nothing depends on it, and no call ever throws. */
export interface Metrics {
  /** Called only after the save that wrote the events: what was not saved did not happen. */
  eventsSaved(events: readonly { type: EventType; reason: string }[]): void;
  /** `reason` is `Alive` for a good probe. */
  probed(reason: Reason, durationMs: number): void;
  workEnded(
    kind: 'ensureAccess' | 'clean',
    outcome: { kind: 'done' | 'aborted' | 'postponed' } | { kind: 'failed'; reason: Reason },
    durationMs: number,
  ): void;
  webhookAttempted(outcome: AttemptOutcome): void;
  /** A client's wait for a step that was saved now. */
  stepped(step: RentalStep): void;
  passEnded(outcome: 'done' | 'failed', durationMs: number): void;
  leads(isLeading: boolean): void;
  breakerIs(isOpen: boolean): void;
  /** True: this daemon lacks something of its own (ControlPlaneFault). */
  ownFaultIs(isThere: boolean): void;
  pausedIs(isPaused: boolean): void;
  /** `ok`: the inventory file was valid when it was last read. */
  inventoryRead(ok: boolean): void;
}
