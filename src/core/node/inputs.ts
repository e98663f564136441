import type { Health } from '../health/health.ts';
import type { BootMemory } from '../model/boot.ts';
import type { Access } from '../model/lease.ts';
import type { Node } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement } from '../model/rental.ts';
import type { Run } from '../model/work.ts';
import type { DriftReport } from './drift.ts';

/** Everything that a decision about one node may look at. */
export interface NodeInputs {
  node: Node;
  health: Health;
  /** What this daemon has seen of its starts. */
  boot: BootMemory;
  /** The live placement on the node, and what its account is to be given. */
  live: Placement | null;
  wanted: Access | null;
  /** Ended placements that the node was not yet verified clean of. */
  residue: Placement[];
  /** Why it is the node's fault that its last client got no account (blame.ts); null when nothing says so. */
  blame: string | null;
  run: Run | null;
  /** What a look at the node's account files came to; null: there is none that may be judged now. */
  drift: DriftReport | null;
  /** Another node that has the same host key, so that nobody knows which machine this one is. */
  rival?: string | null;
  /** An operator has paused everything: no work is begun. */
  paused: boolean;
  policy: Policy;
  now: Date;
  /** 0 to 1. */
  jitter: number;
}
