import { diffInventory, type InventoryDiff, whyTooMuch } from '../model/inventory.ts';
import { NO_REQUESTS, type Node, type NodeSpec, newNodeRecord, wasVerified } from '../model/node.ts';
import { LENDABLE_STATE } from '../model/node-states.ts';
import { DEFAULT_POLICY } from '../model/policy.ts';
import type { Placement, Rental } from '../model/rental.ts';
import { candidateOf } from '../scheduling/passed-over.ts';
import { choosePlacement, matches } from '../scheduling/placement.ts';
import { countHeld, createStandings, orderQueue } from '../scheduling/queue.ts';
import { createRoster } from '../scheduling/roster.ts';

/** What applying an inventory would do to one node. */
export interface NodePlan {
  node: string;
  action: 'add' | 'change' | 'return' | 'remove';
  /** Names of the spec fields that change. */
  changes: string[];
  /** What blocks it; absent: nothing. */
  note?: string;
}

/** What applying an inventory would do to one rental. */
export interface RentalPlan {
  rental: string;
  name: string;
  tenant: string;
  /** `readdressed`: it stays, and its client reaches it at another address. */
  effect: 'moves' | 'waits' | 'readdressed' | 'starts';
  from: string | null;
  to: string | null;
  message: string;
}

export interface FleetPlan {
  nodes: NodePlan[];
  /** Only the rentals that are affected. */
  rentals: RentalPlan[];
  /** Nodes in the file that are already in the fleet, were never verified, and do not answer. */
  notAnswering: string[];
  /** Why it would be refused without force, or null. */
  refused: string | null;
}

/**
 * What would happen if these were the nodes of the fleet: the same diff and the same choice of nodes as the
 * reconciler makes, on the rows as they are now. Nodes that die meanwhile are not foreseen.
 */
export function planFleet(current: Node[], rentals: Rental[], wanted: NodeSpec[], now: Date): FleetPlan {
  const specs = current.map(({ spec }) => spec);
  const diff = diffInventory(specs, wanted);
  const stage = createStage(current, rentals, wanted, diff, now);
  const leaving = new Set([...diff.removed, ...specs.filter(({ retiring }) => retiring)].map((s) => s.name));
  for (const { name } of wanted) leaving.delete(name);
  return {
    nodes: listNodePlans(diff, current),
    rentals: [
      ...planDepartures(rentals, leaving, stage),
      ...planAddresses(rentals, diff, leaving),
      ...planStarts(rentals, wanted, stage),
    ],
    notAnswering: listNotAnswering(current, wanted),
    refused: whyTooMuch(current, diff),
  };
}

function listNotAnswering(current: Node[], wanted: NodeSpec[]): string[] {
  const names = new Set(wanted.map(({ name }) => name));
  const silent = current.filter((node) => !wasVerified(node) && node.record.status !== 'alive');
  return silent.map(({ spec }) => spec.name).filter((name) => names.has(name));
}

/**
 * The leaving node that is the same machine. Until it is forgotten, the new name is refused (HostKeyOfOtherNode).
 */
function findFormer(spec: NodeSpec, current: Node[], leaving: ReadonlySet<string>): string | null {
  const isSame = ({ spec: old, record }: Node) =>
    (old.host === spec.host && old.port === spec.port) ||
    (spec.pinnedHostKey !== null && spec.pinnedHostKey === (old.pinnedHostKey ?? record.hostKey));
  return current.find((node) => leaving.has(node.spec.name) && isSame(node))?.spec.name ?? null;
}

function namesLeaving(current: Node[], { removed }: InventoryDiff): Set<string> {
  const retiring = current.filter(({ spec }) => spec.retiring).map(({ spec }) => spec.name);
  return new Set([...retiring, ...removed.map(({ name }) => name)]);
}

function listNodePlans(diff: InventoryDiff, current: Node[]): NodePlan[] {
  const { added, changed, removed } = diff;
  const leaving = namesLeaving(current, diff);
  const noteOf = (spec: NodeSpec) => {
    const former = findFormer(spec, current, leaving);
    const note = `the machine of ${former} under another name: refused (HostKeyOfOtherNode) until ${former} is empty and forgotten`;
    return former === null ? {} : { note };
  };
  const plans: NodePlan[] = [
    ...added.map((spec) => ({ node: spec.name, action: 'add' as const, changes: [], ...noteOf(spec) })),
    ...changed.map(({ name, before, keys }) => ({
      node: name,
      action: before.retiring ? ('return' as const) : ('change' as const),
      changes: keys.filter((key) => key !== 'retiring'),
    })),
    ...removed.map(({ name }) => ({ node: name, action: 'remove' as const, changes: [] })),
  ];
  return plans.toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

/** The fleet as it would be. Each choice takes its node. */
interface Stage {
  choose(rental: Rental): { node: string; isNew: boolean } | null;
}

function createStage(
  current: Node[],
  rentals: Rental[],
  wanted: NodeSpec[],
  diff: InventoryDiff,
  now: Date,
): Stage {
  const specOf = new Map(wanted.map((spec) => [spec.name, spec]));
  const occupied = new Set(rentals.flatMap(listLive).map(({ node }) => node));
  const existing = current.map((node) => ({
    ...node,
    spec: specOf.get(node.spec.name) ?? { ...node.spec, retiring: true },
  }));
  const leaving = namesLeaving(current, diff);
  // A renamed machine joins only once the old name is gone, so no rental can move there from the old name.
  const joining = diff.added.filter((spec) => findFormer(spec, current, leaving) === null);
  const fresh = joining.map((spec) => aFreshNode(spec, now));
  // Existing nodes come before those that still have to be prepared.
  const rosters = [existing, [...existing, ...fresh]].map((nodes) =>
    createRoster(nodes.map((node) => candidateOf(node, occupied.has(node.spec.name)))),
  );
  return {
    choose(rental) {
      for (const roster of rosters) {
        const choice = choosePlacement(rental, roster.offer(), now);
        if (choice.kind === 'none') continue;
        const { name } = choice.node.spec;
        const isNew = fresh.includes(choice.node);
        for (const each of isNew ? [roster] : rosters) each.note(name, candidateOf(choice.node, true));
        return { node: name, isNew };
      }
      return null;
    },
  };
}

/** A node as it is once it has joined. */
function aFreshNode(spec: NodeSpec, now: Date): Node {
  return {
    spec,
    requests: NO_REQUESTS,
    record: {
      ...newNodeRecord(now),
      status: 'alive',
      state: LENDABLE_STATE,
      preparedAt: now,
      verifiedAt: now,
    },
    generation: 1,
    lastCheckedAt: now,
  };
}

function listLive({ placements }: Rental): Placement[] {
  return placements.filter(({ endedAt }) => endedAt === null);
}

/** By node name. The reconciler goes by urgency and then by rental id, so its targets may differ. */
function planDepartures(rentals: Rental[], leaving: Set<string>, stage: Stage): RentalPlan[] {
  const servedBy = new Map(
    rentals.flatMap((rental) =>
      listLive(rental)
        .filter(({ role }) => role === 'serving')
        .map(({ node }) => [node, rental] as const),
    ),
  );
  return [...leaving].toSorted().flatMap((node): RentalPlan[] => {
    const rental = servedBy.get(node);
    if (rental === undefined) return [];
    const about = { rental: rental.id, name: rental.name, tenant: rental.tenant, from: node };
    const incoming = listLive(rental).find(({ role }) => role === 'incoming');
    const target = incoming && !leaving.has(incoming.node) ? { node: incoming.node, isNew: false } : null;
    const to = target ?? stage.choose(rental);
    if (to === null) {
      const message = `waits on ${node} until another matching node is free`;
      return [{ ...about, effect: 'waits', to: null, message }];
    }
    const after = to.isNew ? `, once ${to.node} has joined` : '';
    return [
      {
        ...about,
        effect: 'moves',
        to: to.node,
        message: `moves from ${node} to ${to.node}${after}`,
      },
    ];
  });
}

/** Rentals whose clients will have to use another address. */
function planAddresses(rentals: Rental[], { changed }: InventoryDiff, leaving: Set<string>): RentalPlan[] {
  const moved = changed.filter(({ keys }) => keys.includes('clientHost') || keys.includes('clientPort'));
  return moved.flatMap(({ name: node, after }) => {
    const rental = rentals.find((candidate) => listLive(candidate).some((live) => live.node === node));
    if (rental === undefined || leaving.has(node)) return [];
    return [
      {
        rental: rental.id,
        name: rental.name,
        tenant: rental.tenant,
        effect: 'readdressed' as const,
        from: node,
        to: node,
        message: `stays on ${node}; its address becomes ${after.clientHost}:${after.clientPort}`,
      },
    ];
  });
}

/** Waiting rentals that would get a node. */
function planStarts(rentals: Rental[], wanted: NodeSpec[], stage: Stage): RentalPlan[] {
  const waiting = rentals.filter((rental) => listLive(rental).length === 0 && !rental.releaseRequestedAt);
  const nodes = wanted.map((spec) => ({ spec }));
  const fits = (rental: Rental) => nodes.some((node) => matches(rental.spec.selector, node));
  // A plan does not look up past turns: they decide only between tenants with equally many machines.
  const standings = createStandings(
    countHeld(rentals),
    new Map(),
    () => false,
    DEFAULT_POLICY.lease.defaultMs,
  );
  return orderQueue(waiting.filter(fits), standings).flatMap((rental) => {
    const to = stage.choose(rental);
    if (to === null) return [];
    const after = to.isNew ? ', once it has joined' : '';
    return [
      {
        rental: rental.id,
        name: rental.name,
        tenant: rental.tenant,
        effect: 'starts' as const,
        from: null,
        to: to.node,
        message: `starts on ${to.node}${after}`,
      },
    ];
  });
}
