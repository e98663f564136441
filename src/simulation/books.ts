import type { Policy } from '../core/model/policy.ts';
import type { Machine } from './machine.ts';
import type { Tables } from './memory-tables.ts';
import type { Tally } from './tally.ts';
import type { Time } from './time.ts';

/** What the checks know. Their own notes, apart from the rows themselves, which they only read. */
export interface Books {
  tables: Tables;
  machines: Map<string, Machine>;
  policy: Policy;
  time: Time;
  tally: Tally;
  violate: (message: string) => void;
  /** The term that each daemon believes in. */
  terms: Map<string, number>;
  /** What each of the leader's saves ordered: fence -> token, states of the nodes in it, and whether its daemon knew of a pause. */
  saves: Map<number, { token: number; states: Map<string, string>; isPaused: boolean }>;
  /** Daemons that were told, when they last asked, that an operator has paused everything. */
  paused: Set<string>;
  /** Nodes whose clients an operator wants moved all the same: node -> since when it was dead. */
  overridden: Map<string, number>;
  lastFence: number;
  lastSeq: number;
  /** Fence of the save that ended a placement: epoch -> fence. */
  endedBy: Map<number, number>;
  /** The highest fence that each machine obeyed. */
  obeyed: Map<string, number>;
  /** Who was given which uid of a node, by the rows and by the accounts that were seen on the machine. */
  uids: Map<string, string>;
  owners: Map<string, string>;
  promised: Set<string>;
  /** When each lease was last known to end, and by which generation of its spec. */
  ends: Map<string, { generation: number; endMs: number }>;
  /** The start of its machine that the client of each placement knows of: epoch -> boot. */
  boots: Map<number, string>;
  /** When each node was last judged dead. */
  diedAt: Map<string, number>;
  /** Since when a machine is out of reach, and together with which others it went: mass failures. */
  downSince: Map<string, number>;
}
