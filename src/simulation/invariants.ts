import type { PlaybookRequest } from '../core/ports.ts';
import type { Books } from './books.ts';
import { checkLeader, checkNodes, checkPlacements, checkRentals } from './check-commit.ts';
import { checkEffect, checkOrder } from './check-effect.ts';
import type { Machine } from './machine.ts';
import type { Commit } from './memory-tables.ts';

/** Looks at every commit, every order and every effect, and keeps its own books: it trusts no guard of the others. */
export interface Invariants {
  beginTerm(daemon: string, token: number): void;
  checkCommit(commit: Commit): void;
  /** A daemon sends an order to a machine. */
  checkOrder(daemon: string, machine: string, request: PlaybookRequest): void;
  /** A module did one of its steps. */
  checkEffect(machine: Machine, request: PlaybookRequest): void;
  /** An API call was answered with yes: what it asked for must not get lost. */
  promise(rentalId: string): void;
  violate(message: string): void;
  /** The first one. */
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
    lastFence: 0,
    lastSeq: 0,
    endedBy: new Map(),
    obeyed: new Map(),
    uids: new Map(),
    owners: new Map(),
    promised: new Set(),
    ends: new Map(),
    diedAt: new Map(),
  };
  return {
    beginTerm(daemon, token) {
      books.terms.set(daemon, token);
      countTakeOver(books);
    },
    checkCommit(commit) {
      if (commit.fence !== null) checkLeader(books, commit);
      checkPlacements(books, commit);
      checkNodes(books, commit);
      checkRentals(books, commit);
    },
    checkOrder: (daemon, machine, request) => checkOrder(books, daemon, machine, request),
    checkEffect: (machine, request) => checkEffect(books, machine, request),
    promise: (rentalId) => void books.promised.add(rentalId),
    violate,
    violation: () => violation,
  };
}

/** In the middle of what a daemon takes over. */
function countTakeOver({ tables, tally }: Books): void {
  const states = [...tables.nodes.values()].map(({ record }) => record.state);
  const isMoving = [...tables.placements.values()].some(
    ({ role, endedAt }) => role === 'incoming' && endedAt === null,
  );
  if (states.includes('provisioning')) tally.count('leader changed while access was being made');
  if (states.includes('cleaning')) tally.count('leader changed while a node was being cleaned');
  if (isMoving) tally.count('leader changed during a move');
}
