import type { Health } from '../health/health.ts';
import type { BootMemory } from '../model/boot.ts';
import type { Access } from '../model/lease.ts';
import type { Node } from '../model/node.ts';
import type { Policy } from '../model/policy.ts';
import type { Placement } from '../model/rental.ts';
import type { Run } from '../model/work.ts';
import type { DriftReport } from './drift.ts';

/** Everything that a decision about one node may depend on. */
export interface NodeInputs {
  node: Node;
  health: Health;
  /** What this daemon has seen of the machine's starts. */
  boot: BootMemory;
  /** The live placement on the node, and the access that its account should get. */
  live: Placement | null;
  wanted: Access | null;
  /** Ended placements whose removal has not been verified yet. */
  residue: Placement[];
  /** Why the node is to blame that its last client got no account (blame.ts); null: it is not. */
  blame: string | null;
  run: Run | null;
  /** The drift that the last inspection found; null: no inspection can be judged now. */
  drift: DriftReport | null;
  /** Another node with the same host key, so it is unknown which machine this one is; null: none. */
  rival: string | null;
  /** An operator has paused everything: no work starts. */
  paused: boolean;
  policy: Policy;
  now: Date;
  /** 0 to 1. */
  jitter: number;
}
