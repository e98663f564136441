/**
 * What makes a fleet the same one, whatever database it is found in: its id stands in the database and on each node,
 * its secret beside the control key alone.
 */
export interface FleetIdentity {
  id: string;
  /** What the fence numbers that nodes keep are signed with, in base64. */
  secret: string;
}

export const FLEET_ID = /^f_[0-9a-f]{24}$/;
const TEXT = /^(f_[0-9a-f]{24}):([A-Za-z0-9+/]{43}=)$/;

/** Null when it is none. */
export function parseFleetIdentity(text: string): FleetIdentity | null {
  const [, id, secret] = TEXT.exec(text.trim()) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export function formatFleetIdentity({ id, secret }: FleetIdentity): string {
  return `${id}:${secret}`;
}

/**
 * How far above an order's own number a node is followed that can't prove that the number it has seen is this fleet's.
 * A node of an earlier version, and one that another fleet let go, can't; a lie so gains little with each try, and tries
 * get rarer.
 */
const UNPROVEN_STEP = 1_000_000;

/** What the fence counter is to be raised to after a node has refused an order as too old. */
export function believedFence(ordered: number, seen: number, isProven: boolean): number {
  return isProven ? seen : Math.min(seen, ordered + UNPROVEN_STEP);
}
