import type { Policy } from '../core/model/policy.ts';
import type { Machine } from './machine.ts';
import type { Tables } from './memory/tables.ts';
import type { Tally } from './tally.ts';
import type { Time } from './time.ts';

/** What the checks know: their own notes, apart from the rows, which they only read. */
export interface Books {
  tables: Tables;
  machines: Map<string, Machine>;
  policy: Policy;
  time: Time;
  tally: Tally;
  violate: (message: string) => void;
  /** The leadership term that each daemon believes it has. */
  terms: Map<string, number>;
  /** The leader's saves: fence -> token, states of the nodes in it, and whether its daemon knew of a pause. */
  saves: Map<number, { token: number; states: Map<string, string>; isPaused: boolean }>;
  /** Daemons that last read that an operator has paused everything. */
  paused: Set<string>;
  /** Nodes whose rentals may move because of an operator's override: node -> when it died. */
  overridden: Map<string, number>;
  lastFence: number;
  lastSeq: number;
  /** Fence of the save that ended a placement: epoch -> fence. */
  endedBy: Map<number, number>;
  /** The highest fence that each machine obeyed. */
  obeyed: Map<string, number>;
  /** The owner of each uid of a node: by the rows (`uids`), and by the accounts seen on the machine (`owners`). */
  uids: Map<string, string>;
  owners: Map<string, string>;
  /** The last known end of each lease, and the generation of the spec that it came from. */
  ends: Map<string, { generation: number; endMs: number }>;
  /** The last start of its machine that the client of each placement knows of: epoch -> boot. */
  boots: Map<number, string>;
  /** When each node was last judged dead. */
  diedAt: Map<string, number>;
  /** When each machine that is out of reach went; several at the same time are a mass failure. */
  downSince: Map<string, number>;
}
