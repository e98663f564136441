import type { FailureReason } from '../failure/remedy.ts';
import type { ProbeResult } from '../model/probe.ts';

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
