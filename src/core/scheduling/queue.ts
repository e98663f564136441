import type { Rental } from '../model/rental.ts';

/** When each tenant was last given each node: tenant -> node -> time in ms. */
export type Services = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What decides whose turn it is. */
export interface Standings {
  /** How many machines a tenant has. */
  held: (tenant: string) => number;
  /** When the tenant was last given a node on which this rental could have been (ms); 0: never. */
  servedMs: (rental: Rental) => number;
  /** To have waited for so long weighs as much as one machine: the default length of a lease. */
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

/** How many machines each tenant has, of these rentals. */
export function countHeld(rentals: Rental[]): (tenant: string) => number {
  const held = new Map<string, number>();
  for (const { tenant, placements } of rentals) {
    if (placements.some(({ endedAt }) => endedAt === null)) held.set(tenant, (held.get(tenant) ?? 0) + 1);
  }
  return (tenant) => held.get(tenant) ?? 0;
}

/** A rental that may be the next, and what decides between them. */
interface Claim {
  rental: Rental;
  /** Since when it, or else its tenant, has waited for a turn. */
  sinceMs: number;
  held: number;
}

/**
 * Whose turn it is. At each free node each tenant's oldest rental that can have it stands for the tenant, and of all
 * these the one whose tenant has the fewest machines is next, where each machine weighs as much as to have waited
 * `machineMs` less. So nobody waits for ever, whatever others ask for: once `sinceMs + held * machineMs` is past, each
 * other tenant gets a node that the rental could have had at most once before. Undefined: nobody can have any.
 */
export function nextInTurn<Free>(
  waiting: Rental[],
  standings: Standings,
  free: Free[],
  canHave: (rental: Rental, node: Free) => boolean,
): Rental | undefined {
  /** The nodes that none of a tenant's older rentals stands for. */
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
 * The order in which all of these get their turns when nodes that fit all of them become free one after the other: the
 * place of each is its place in the queue.
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
  // Turns are still to come, so they are later than all that has been.
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

/** Of two that came at the same time the lower id is the older one. */
export function compareAge(a: Aged, b: Aged): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** When each tenant was last given each node, as far as these placements tell. */
export function addServices(services: Map<string, Map<string, number>>, rentals: Rental[]): void {
  for (const { tenant, placements } of rentals) {
    for (const { node, startedAt, readyAt, endedAt } of placements) {
      // One that came to nothing was no turn.
      if (readyAt === null && endedAt !== null) continue;
      const nodes = services.get(tenant) ?? new Map<string, number>();
      nodes.set(node, Math.max(nodes.get(node) ?? 0, startedAt.getTime()));
      services.set(tenant, nodes);
    }
  }
}
