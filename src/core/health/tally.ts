import type { Policy } from '../model/policy.ts';
import type { FleetHealth } from './breaker.ts';
import { type Health, isSuspect, isUnconfirmed, isUnseenSince } from './health.ts';

/**
 * Counts the health of the nodes for the breaker, updated node by node, so that the cost of a count grows with the
 * unhealthy nodes and not with the fleet.
 */
export interface HealthTally {
  /** Updates the health of a node; null: the node does not count, or is gone. */
  note(node: string, health: Health | null): void;
  count(policy: Policy['probe']): FleetHealth;
}

export function createHealthTally(): HealthTally {
  const counted = new Map<string, Health>();
  const suspect = new Set<string>();
  const dead = new Map<string, Health>();
  /** Nodes that seem well, but have not been probed since `sinceMs`. */
  const unseen = new Set<string>();
  let sinceMs = 0;
  /** The last count, since each rental's decision asks for it. Null: a node has changed since. */
  let last: { policy: Policy['probe']; health: FleetHealth } | null = null;

  function noteUnseen(node: string, health: Health): void {
    if (isUnseenSince(health, sinceMs)) unseen.add(node);
    else unseen.delete(node);
  }

  /** Changes with each death, and with each return of the node that died last. */
  function setSince(ms: number): void {
    if (ms === sinceMs) return;
    sinceMs = ms;
    for (const [node, health] of counted) noteUnseen(node, health);
  }

  return {
    note(node, health) {
      last = null;
      for (const members of [counted, suspect, dead, unseen]) members.delete(node);
      if (health === null) return;
      counted.set(node, health);
      if (health.verdict === 'dead') dead.set(node, health);
      else if (isSuspect(health)) suspect.add(node);
      noteUnseen(node, health);
    },
    count(policy) {
      if (last?.policy === policy) return last.health;
      const deaths = [...dead.values()];
      setSince(deaths.reduce((latest, { confirmingSinceMs }) => Math.max(latest, confirmingSinceMs ?? 0), 0));
      const health: FleetHealth = {
        total: counted.size,
        unhealthy: suspect.size + dead.size,
        unseen: unseen.size,
        unconfirmed: deaths.filter((each) => isUnconfirmed(each, policy)).length,
      };
      last = { policy, health };
      return health;
    },
  };
}
