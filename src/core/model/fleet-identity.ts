/**
 * Identifies a fleet, whatever database it is in. The id is in the database and on each node; the secret is only
 * beside the control key.
 */
export interface FleetIdentity {
  id: string;
  /** Signs the fence numbers that nodes keep; in base64. */
  secret: string;
}

export const FLEET_ID = /^f_[0-9a-f]{24}$/;
const TEXT = /^(f_[0-9a-f]{24}):([A-Za-z0-9+/]{43}=)$/;

/** Null when the text is not an identity. */
export function parseFleetIdentity(text: string): FleetIdentity | null {
  const [, id, secret] = TEXT.exec(text.trim()) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

export function formatFleetIdentity({ id, secret }: FleetIdentity): string {
  return `${id}:${secret}`;
}

/**
 * Some nodes can't prove that this fleet gave them the number that they have seen: those of an earlier version, and
 * those that another fleet released. They are believed only this far above the order's own number. So a lie gains
 * little per attempt, and attempts get rarer.
 */
const UNPROVEN_STEP = 1_000_000;

/** The number to raise the fence counter to after a node has refused an order as too old. */
export function believedFence(ordered: number, seen: number, isProven: boolean): number {
  return isProven ? seen : Math.min(seen, ordered + UNPROVEN_STEP);
}
