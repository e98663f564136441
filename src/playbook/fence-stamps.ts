import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FleetIdentity } from '../core/model/fleet-identity.ts';

/** Proves that this fleet gave a fence number to this node. A replayed stamp never proves a higher number. */
export interface FenceStamps {
  fleet: string;
  make(node: string, fence: number): string;
  isOurs(node: string, fence: number, stamp: string): boolean;
}

export function createFenceStamps({ id, secret }: FleetIdentity): FenceStamps {
  const key = Buffer.from(secret, 'base64');
  const make = (node: string, fence: number) =>
    createHmac('sha256', key)
      .update(JSON.stringify(['fence', id, node, fence]))
      .digest('base64url');
  return {
    fleet: id,
    make,
    isOurs(node, fence, stamp) {
      const [wanted, given] = [Buffer.from(make(node, fence)), Buffer.from(stamp)];
      return wanted.length === given.length && timingSafeEqual(wanted, given);
    },
  };
}
