import type { Controls } from '../core/model/controls.ts';
import type { PlaybookRequest } from '../core/ports/playbooks.ts';
import type { Books } from './books.ts';
import { checkLeader, checkNodes, checkPlacements, checkRentals } from './check-commit.ts';
import { checkEffect, checkOrder } from './check-effect.ts';
import { noteRestarts, whyUntold } from './check-restarts.ts';
import type { Machine } from './machine.ts';
import type { Commit } from './memory/tables.ts';

/** Checks every commit, order and effect, and keeps its own books: it trusts no guard of the code under test. */
export interface Invariants {
  beginTerm(daemon: string, token: number): void;
  /** A daemon has read the operators' controls. */
  toldControls(daemon: string, controls: Controls): void;
  checkCommit(commit: Commit): void;
  /** A daemon sends an order to a machine. */
  checkOrder(daemon: string, machine: string, request: PlaybookRequest): void;
  /** A module did one of its steps. */
  checkEffect(machine: Machine, request: PlaybookRequest): void;
  /** A client who was not told that their machine was restarted; null: there is none. */
  whyUntold(): string | null;
  violate(message: string): void;
  /** The first violation; null: there is none. */
  violation(): string | null;
}

export function createInvariants(
  parts: Pick<Books, 'tables' | 'machines' | 'policy' | 'time' | 'tally' | 'downSince'>,
): Invariants {
  let violation: string | null = null;
  const violate = (message: string) => {
    violation ??= `after ${(parts.time.nowMs() / 1000).toFixed(3)} s: ${message}`;
  };
  const books: Books = {
    ...parts,
    violate,
    terms: new Map(),
    saves: new Map(),
    paused: new Set(),
    overridden: new Map(),
    lastFence: 0,
    lastSeq: 0,
    endedBy: new Map(),
    obeyed: new Map(),
    uids: new Map(),
    owners: new Map(),
    ends: new Map(),
    boots: new Map(),
    diedAt: new Map(),
  };
  return {
    beginTerm(daemon, token) {
      books.terms.set(daemon, token);
      books.paused.delete(daemon);
      countTakeOver(books);
    },
    toldControls(daemon, { pause }) {
      if (pause) books.paused.add(daemon);
      else books.paused.delete(daemon);
    },
    checkCommit(commit) {
      if (commit.fence !== null) checkLeader(books, commit);
      noteOverride(books, commit);
      checkPlacements(books, commit);
      checkNodes(books, commit);
      checkRentals(books, commit);
      noteRestarts(books, commit);
    },
    checkOrder: (daemon, machine, request) => checkOrder(books, daemon, machine, request),
    checkEffect: (machine, request) => checkEffect(books, machine, request),
    whyUntold: () => whyUntold(books),
    violate,
    violation: () => violation,
  };
}

/** An override counts for the nodes that are dead when it is used. */
function noteOverride({ tables, overridden }: Books, { changes }: Commit): void {
  for (const { table, before, after } of changes) {
    if (table !== 'controls') continue;
    const [old, next] = [before, after] as (Controls | undefined)[];
    if (!next?.override?.isUsed || old?.override?.isUsed === next.override.isUsed) continue;
    for (const { spec, record } of tables.nodes.values()) {
      if (record.state === 'dead') overridden.set(spec.name, record.stateSince.getTime());
    }
  }
}

/** Counts what was under way when a daemon took over. */
function countTakeOver({ tables, tally }: Books): void {
  const states = [...tables.nodes.values()].map(({ record }) => record.state);
  const isMoving = [...tables.placements.values()].some(
    ({ role, endedAt }) => role === 'incoming' && endedAt === null,
  );
  if (states.includes('provisioning')) tally.count('leader changed while access was being made');
  if (states.includes('cleaning')) tally.count('leader changed while a node was being cleaned');
  if (isMoving) tally.count('leader changed during a move');
}
