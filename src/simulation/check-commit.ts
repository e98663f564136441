import { findCondition } from '../core/model/condition.ts';
import { type Node, wasVerified } from '../core/model/node.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Books } from './books.ts';
import { checkTenants } from './check-effect.ts';
import { checkEnd, countTold } from './check-ends.ts';
import { checkMoveBegins } from './check-moves.ts';
import { noteReady } from './check-restarts.ts';
import { checkTurn } from './check-turns.ts';
import { fingerprintOf, isClean } from './machine.ts';
import type { Change, Commit, RentalRow } from './memory/tables.ts';

function changesOf<Row>(
  commit: Commit,
  table: Change['table'],
): { key: string | number; before?: Row; after?: Row }[] {
  return commit.changes.filter((change) => change.table === table) as {
    key: string;
    before?: Row;
    after?: Row;
  }[];
}

/** Only the leader writes, and all numbers only grow. */
export function checkLeader(books: Books, { token, fence, events, changes }: Commit): void {
  const { lease } = books.tables;
  const { violate } = books;
  if (token !== lease.token || lease.expiresAtMs <= books.time.nowMs()) {
    violate(`a write of term ${token} landed, while the lease is in term ${lease.token}`);
  }
  if (fence === null || fence <= books.lastFence) violate(`fence number ${fence} after ${books.lastFence}`);
  books.lastFence = fence ?? books.lastFence;
  for (const { seq } of events) {
    if (seq === null || seq <= books.lastSeq) violate(`event number ${seq} after ${books.lastSeq}`);
    books.lastSeq = seq ?? books.lastSeq;
  }
  const nodes = changes.filter(({ table, after }) => table === 'nodes' && after !== undefined);
  const states = new Map(nodes.map(({ key, after }) => [String(key), (after as Node).record.state]));
  books.saves.set(fence ?? 0, { token: token ?? 0, states, isPaused: isPaused(books, token) });
}

/** Does the daemon of this term know that it is paused? */
function isPaused({ terms, paused }: Books, token: number | null): boolean {
  return [...terms].some(([daemon, term]) => term === token && paused.has(daemon));
}

export function checkPlacements(books: Books, commit: Commit): void {
  for (const { before, after } of changesOf<Placement>(commit, 'placements')) {
    if (after === undefined) books.violate('a placement was deleted');
    else if (before === undefined) checkBinding(books, commit, after);
    else checkChange(books, commit, before, after);
  }
}

function liveOf({ tables }: Books): Placement[] {
  return [...tables.placements.values()].filter(({ endedAt }) => endedAt === null);
}

function checkBinding(books: Books, commit: Commit, placement: Placement): void {
  const { violate } = books;
  const { node, rentalId, role, uid, account, epoch } = placement;
  const live = liveOf(books);
  if (live.filter((other) => other.node === node).length > 1) violate(`${node} has two live placements`);
  if (live.filter((other) => other.rentalId === rentalId && other.role === role).length > 1) {
    violate(`${rentalId} has two live placements that are ${role}`);
  }
  const serving = live.find((other) => other.rentalId === rentalId && other.role === 'serving');
  if (role === 'incoming' && !serving) violate(`${rentalId} has an incoming placement and none to move from`);
  if (epoch !== commit.fence)
    violate(`epoch ${epoch} was made by the save with fence number ${commit.fence}`);
  if (isPaused(books, commit.token)) violate(`${rentalId} is given ${node} although everything is paused`);
  const taken = books.uids.get(`${node}/${uid}`);
  if (taken !== undefined) violate(`uid ${uid} of ${node} was ${taken}'s and is given to ${account}`);
  books.uids.set(`${node}/${uid}`, account);
  if (!books.tables.decisions.has(epoch)) violate(`nobody can say why ${rentalId} is on ${node}`);
  const change = changesOf<Node>(commit, 'nodes').find(({ key }) => key === node);
  if (change?.before?.record.state !== 'free')
    violate(`${node} was lent while it was ${change?.before?.record.state}`);
  if (role === 'incoming' && serving) {
    checkMoveBegins(books, placement);
    const isDead = books.tables.nodes.get(serving.node)?.record.state === 'dead';
    if (isDead) checkMassFailure(books, serving, 'is moved away');
    else if (books.tables.decisions.get(epoch)?.breaker.open)
      books.tally.count('moved from a living node while the breaker was open');
  }
  if (role === 'serving') checkTurn(books, placement);
  const machine = books.machines.get(node);
  if (machine) checkTenants(books, machine);
}

function checkChange(books: Books, commit: Commit, before: Placement, after: Placement): void {
  const { violate, machines } = books;
  const { epoch, node, uid, rentalId } = after;
  const fixed = ['epoch', 'rentalId', 'node', 'account', 'uid'] as const;
  if (fixed.some((field) => before[field] !== after[field])) violate(`placement ${epoch} became another one`);
  if (before.endedAt !== null && after.endedAt === null) violate(`placement ${epoch} rose from the dead`);
  const machine = machines.get(node);
  if (before.endedAt === null && after.endedAt !== null) {
    books.endedBy.set(epoch, commit.fence ?? 0);
    books.tally.count(`placement ended: ${after.endReason}`);
    // If another placement took over, this was judged when that move began.
    const isTakenOver = liveOf(books).some(
      (other) => other.rentalId === rentalId && other.role === 'serving',
    );
    if (after.endReason === 'NodeDead' && !isTakenOver) checkMassFailure(books, after, 'loses its placement');
  }
  const isEvent = commit.events.some((event) => event.rentalId === rentalId);
  if ((before.endedAt === null) !== (after.endedAt === null) && !isEvent) {
    violate(`placement ${epoch} of ${rentalId} ended without an event`);
  }
  if (before.role !== after.role) {
    books.tally.count('moved');
    if (!isEvent) violate(`${rentalId} was moved without an event`);
    if (after.readyAt === null) violate(`${rentalId} was moved to ${node}, where access was not confirmed`);
  }
  if (before.readyAt === null && after.readyAt !== null) {
    const account = machine?.accounts.get(after.account);
    if (account?.uid !== uid || account.key !== after.appliedKey) {
      violate(`${rentalId} is called ready on ${node}, where its account is not`);
    }
  }
  countTold(books, before, after);
  noteReady(books, before, after);
  if (before.cleanedAt === null && after.cleanedAt !== null) {
    const account = machine?.accounts.get(after.account);
    if (account?.uid === uid || machine?.residue.has(uid))
      violate(`${node} is called clean of ${rentalId} and is not`);
    if (after.report?.outcome !== 'clean')
      violate(`${node} is called clean of ${rentalId}, and no try said so`);
    if (after.report?.found) books.tally.count('clean after something was found');
  }
}

/** Nodes whose silence says something about the fleet: verified once, or with a client on them. */
function listCounted(books: Books): string[] {
  const rented = new Set(liveOf(books).map(({ node }) => node));
  const nodes = [...books.tables.nodes.values()];
  return nodes.filter((node) => wasVerified(node) || rented.has(node.spec.name)).map(({ spec }) => spec.name);
}

/**
 * When more nodes went down at once than the breaker allows, no placement may end because its node is unhealthy, as
 * long as they are down.
 */
function checkMassFailure(books: Books, { node, rentalId }: Placement, what: string): void {
  const { downSince, policy, tables, overridden } = books;
  if (overridden.get(node) === tables.nodes.get(node)?.record.stateSince.getTime()) {
    books.tally.count('moved although the breaker was open');
    return;
  }
  const since = downSince.get(node);
  // The verdict has to be about this outage, not about one that was over before all went down.
  const verdictMs = (books.diedAt.get(node) ?? 0) - (since ?? Number.POSITIVE_INFINITY);
  if (since === undefined || verdictMs < policy.probe.deadAfterMs) return;
  const { unhealthyPercent, minNodes } = policy.migrate.breaker;
  // The node of the placement that just ended counts, too.
  const fleet = [...new Set([...listCounted(books), node])];
  const together = fleet.filter((name) => Math.abs((downSince.get(name) ?? -1e9) - since) < 500);
  if (together.length < minNodes || together.length * 100 <= unhealthyPercent * fleet.length) return;
  books.violate(`${rentalId} ${what} on ${node}, one of ${together} that went down together`);
}

export function checkNodes(books: Books, commit: Commit): void {
  const { violate, machines, tables, tally } = books;
  for (const { key, before, after } of changesOf<Node>(commit, 'nodes')) {
    const machine = machines.get(String(key));
    if (after === undefined) {
      const isGivenUp = before?.requests.forgetting;
      if (machine && !isClean(machine) && !isGivenUp)
        violate(`${key} was forgotten with a tenant's things on it`);
      tally.count('node removed');
      continue;
    }
    const { state, nextUid, hostKey } = after.record;
    if (before && nextUid < before.record.nextUid) violate(`the next uid of ${key} went down`);
    const isTrusted = before?.requests.trustedFingerprint === fingerprintOf(hostKey ?? '');
    if (before?.record.hostKey && before.record.hostKey !== hostKey && !isTrusted)
      violate(`the host key of ${key} was replaced`);
    const schedulable = findCondition(after.record.conditions, 'Schedulable')?.reason;
    if (schedulable !== findCondition(before?.record.conditions ?? [], 'Schedulable')?.reason)
      tally.count(`node not lent: ${schedulable}`);
    if (before === undefined || before.record.state === state) continue;
    tally.count(`node ${before.record.state} -> ${state}`);
    const isVerified = after.record.verifiedAt !== before.record.verifiedAt;
    if (state === 'quarantined' && isVerified)
      tally.count('node quarantined for the clients that got no account');
    if (state === 'dead') books.diedAt.set(String(key), books.time.nowMs());
    if (state !== 'free') continue;
    if (machine && !isClean(machine)) violate(`${key} became free with a tenant's things on it`);
    if ([...tables.placements.values()].some(({ node, cleanedAt }) => node === key && cleanedAt === null)) {
      violate(`${key} became free with a placement on it that was not cleaned`);
    }
  }
}

/** The breaker counts only nodes that once served; nodes that are about to join hold nobody up. */
function checkOpening(books: Books, message: string): void {
  const counted = listCounted(books).length;
  const total = Number(/ of (\d+) nodes /.exec(message)?.[1]);
  if (total > counted)
    books.violate(`the breaker opened for ${total} nodes, of which ${counted} were ever verified`);
  if (total < books.tables.nodes.size)
    books.tally.count('breaker opened beside nodes that were never verified');
}

/** A rental on a living node may leave it despite an open breaker: access ends only once the next node is ready. */
function checkHeld({ tables, violate }: Books, rentalId: string, phase: string): void {
  const live = [...tables.placements.values()].filter((p) => p.rentalId === rentalId && p.endedAt === null);
  const isDead = live.some(({ node }) => [undefined, 'dead'].includes(tables.nodes.get(node)?.record.state));
  if (!isDead) violate(`${rentalId} is held (${phase}) although no node of it is dead`);
}

export function checkRentals(books: Books, commit: Commit): void {
  const { violate, tally } = books;
  for (const { type, message } of commit.events) {
    tally.count(`event: ${type}`);
    if (type === 'pool.breaker_opened') checkOpening(books, message);
  }
  for (const { key, before, after } of changesOf<RentalRow>(commit, 'rentals')) {
    if (after === undefined) {
      if (before?.record.phase !== 'Failed') violate(`${key} was lost`);
      continue;
    }
    const { record } = after;
    const old = before?.record;
    checkEnd(books, after);
    if (old?.endedAt && !record.endedAt) violate(`${key} rose from the dead`);
    const reason = findCondition(record.conditions, 'Ready')?.reason;
    if (reason !== findCondition(old?.conditions ?? [], 'Ready')?.reason)
      tally.count(`rental reason: ${reason}`);
    if (reason === 'MigrationHeld' && commit.fence !== null) checkHeld(books, String(key), record.phase);
    if (old && old.phase !== record.phase) {
      tally.count(`rental ${record.phase}`);
      if (!commit.events.some(({ rentalId }) => rentalId === key))
        violate(`${key} became ${record.phase} without an event`);
    }
    if (!old?.endedAt && record.endedAt) {
      const isAsked = after.releaseRequestedAt !== null || record.phase === 'Failed';
      const isOver = record.expiresAt !== null && record.expiresAt <= record.endedAt;
      if (!isAsked && !isOver) violate(`${key} ended, and nobody had asked for it`);
      if (liveOf(books).some(({ rentalId }) => rentalId === key))
        violate(`${key} ended with a live placement`);
    }
  }
}
