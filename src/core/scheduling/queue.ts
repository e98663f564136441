import type { Rental } from '../model/rental.ts';

/** When each tenant was last given each node: tenant -> node -> time in ms. */
export type Services = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What decides whose turn it is. */
export interface Standings {
  /** How many machines a tenant has. */
  held: (tenant: string) => number;
  /** When the tenant was last given a node that this rental could have had (ms); 0: never. */
  servedMs: (rental: Rental) => number;
  /** The wait that weighs as much as one machine: the default length of a lease. */
  machineMs: number;
}

/** `held`: how many machines a tenant has. `fits`: could this rental be on that node? */
export function createStandings(
  held: (tenant: string) => number,
  services: Services,
  fits: (rental: Rental, node: string) => boolean,
  machineMs: number,
): Standings {
  return {
    held,
    servedMs(rental) {
      let last = 0;
      for (const [node, atMs] of services.get(rental.tenant) ?? []) {
        if (atMs > last && fits(rental, node)) last = atMs;
      }
      return last;
    },
    machineMs,
  };
}

/** Counts how many machines each tenant has through these rentals. */
export function countHeld(rentals: Rental[]): (tenant: string) => number {
  const held = new Map<string, number>();
  for (const { tenant, placements } of rentals) {
    if (placements.some(({ endedAt }) => endedAt === null)) held.set(tenant, (held.get(tenant) ?? 0) + 1);
  }
  return (tenant) => held.get(tenant) ?? 0;
}

/** A rental that may be next in turn, and what ranks it against the others. */
interface Claim {
  rental: Rental;
  /** Since when it has waited for a turn: from its creation or its tenant's last turn, whichever is later. */
  sinceMs: number;
  held: number;
}

/**
 * The rental whose turn it is. At each free node a tenant is represented by its oldest rental that can have the
 * node. Among these rentals, the one whose tenant has the fewest machines is next; each machine counts as having
 * waited `machineMs` less. So a long wait eventually outranks holding fewer machines, and no rental waits forever:
 * once `sinceMs + held * machineMs` is past, each other tenant gets a node that the rental could have had at most
 * once before it. Undefined: no rental can have any of the nodes.
 */
export function nextInTurn<Free>(
  waiting: Rental[],
  standings: Standings,
  free: Free[],
  canHave: (rental: Rental, node: Free) => boolean,
): Rental | undefined {
  /** By tenant, the free nodes that none of its older rentals can have. */
  const left = new Map<string, Free[]>();
  const claims: Claim[] = [];
  for (const rental of waiting.toSorted(compareAge)) {
    const nodes = left.get(rental.tenant) ?? free;
    const others = nodes.filter((node) => !canHave(rental, node));
    if (others.length < nodes.length) claims.push(claimOf(rental, standings));
    left.set(rental.tenant, others);
  }
  return firstOf(claims, standings.machineMs)?.rental;
}

/**
 * The order in which these rentals get their turns if nodes that fit all of them become free one after the other. A
 * rental's place in this order is its place in the queue.
 */
export function orderQueue(waiting: Rental[], standings: Standings): Rental[] {
  const queues = new Map<string, Rental[]>();
  for (const rental of waiting.toSorted(compareAge)) {
    const queue = queues.get(rental.tenant);
    if (queue) queue.push(rental);
    else queues.set(rental.tenant, [rental]);
  }
  const claims = new Map<string, Claim>();
  for (const [tenant, queue] of queues) claims.set(tenant, claimOf(queue.shift() as Rental, standings));
  // These turns are still to come, so they are later than the start of any wait so far.
  let turnMs = Math.max(0, ...waiting.map((rental) => claimOf(rental, standings).sinceMs));
  const order: Rental[] = [];
  while (claims.size > 0) {
    const { rental, held } = firstOf([...claims.values()], standings.machineMs) as Claim;
    order.push(rental);
    const next = queues.get(rental.tenant)?.shift();
    turnMs += 1;
    if (next) claims.set(rental.tenant, { rental: next, sinceMs: turnMs, held: held + 1 });
    else claims.delete(rental.tenant);
  }
  return order;
}

function claimOf(rental: Rental, { held, servedMs }: Standings): Claim {
  const sinceMs = Math.max(rental.createdAt.getTime(), servedMs(rental));
  return { rental, sinceMs, held: held(rental.tenant) };
}

function firstOf(claims: Claim[], machineMs: number): Claim | undefined {
  let first: Claim | undefined;
  for (const claim of claims) if (!first || compareClaims(claim, first, machineMs) < 0) first = claim;
  return first;
}

function compareClaims(a: Claim, b: Claim, machineMs: number): number {
  const weightOf = ({ sinceMs, held }: Claim) => sinceMs + held * machineMs;
  return weightOf(a) - weightOf(b) || a.held - b.held || compareAge(a.rental, b.rental);
}

type Aged = Pick<Rental, 'createdAt' | 'id'>;

/** Between rentals of the same time the one with the lower id is older. */
export function compareAge(a: Aged, b: Aged): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** Adds when each tenant was last given each node, according to these rentals' placements. */
export function addServices(services: Map<string, Map<string, number>>, rentals: Rental[]): void {
  for (const { tenant, placements } of rentals) {
    for (const { node, startedAt, readyAt, endedAt } of placements) {
      // A placement that ended before it was ready was no turn.
      if (readyAt === null && endedAt !== null) continue;
      const nodes = services.get(tenant) ?? new Map<string, number>();
      nodes.set(node, Math.max(nodes.get(node) ?? 0, startedAt.getTime()));
      services.set(tenant, nodes);
    }
  }
}
