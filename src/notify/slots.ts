import type { DueDelivery } from '../core/ports/delivery.ts';

export interface SlotLimits {
  total: number;
  perTenant: number;
  /** The same host and port. */
  perReceiver: number;
}

/** Which messages may be in flight at the same time. */
export interface Slots {
  /** False: not now. A rental has at most one, so that its messages stay in order. */
  take(delivery: DueDelivery): boolean;
  free(delivery: DueDelivery): void;
}

/**
 * Bounds what is in flight. The bounds per receiver and per tenant are well below the total, so that a slow
 * receiver leaves room for all others, however many rentals it serves.
 */
export function createSlots({ total, perTenant, perReceiver }: SlotLimits): Slots {
  const taken = new Map<string, number>();
  const bounds = ({ rentalId, tenant, url }: DueDelivery): [string, number][] => [
    [`rental ${rentalId}`, 1],
    [`receiver ${url !== null && URL.canParse(url) ? new URL(url).host : ''}`, perReceiver],
    [`tenant ${tenant}`, perTenant],
    ['all', total],
  ];
  const count = (key: string, change: number) => {
    const next = (taken.get(key) ?? 0) + change;
    if (next === 0) taken.delete(key);
    else taken.set(key, next);
  };
  return {
    take(delivery) {
      const all = bounds(delivery);
      if (all.some(([key, limit]) => (taken.get(key) ?? 0) >= limit)) return false;
      for (const [key] of all) count(key, 1);
      return true;
    },
    free(delivery) {
      for (const [key] of bounds(delivery)) count(key, -1);
    },
  };
}
