import type { Policy } from '../model/policy.ts';
import type { FleetHealth } from './breaker.ts';
import { type Health, isSuspect, isUnconfirmed, isUnseenSince } from './health.ts';

/**
 * Counts the health of the nodes that the breaker looks at, node by node, so that a count costs what is unhealthy and
 * not what the fleet holds.
 */
export interface HealthTally {
  /** The health of a node now; null when it does not count, or is gone. */
  note(node: string, health: Health | null): void;
  count(policy: Policy['probe']): FleetHealth;
}

export function createHealthTally(): HealthTally {
  const counted = new Map<string, Health>();
  const suspect = new Set<string>();
  const dead = new Map<string, Health>();
  /** Nodes that seem well, but were not looked at since `sinceMs`. */
  const unseen = new Set<string>();
  let sinceMs = 0;

  function noteUnseen(node: string, health: Health): void {
    if (isUnseenSince(health, sinceMs)) unseen.add(node);
    else unseen.delete(node);
  }

  /** Moves with each death, and with each return of the one that died last. */
  function setSince(ms: number): void {
    if (ms === sinceMs) return;
    sinceMs = ms;
    for (const [node, health] of counted) noteUnseen(node, health);
  }

  return {
    note(node, health) {
      for (const members of [counted, suspect, dead, unseen]) members.delete(node);
      if (health === null) return;
      counted.set(node, health);
      if (health.verdict === 'dead') dead.set(node, health);
      else if (isSuspect(health)) suspect.add(node);
      noteUnseen(node, health);
    },
    count(policy) {
      const deaths = [...dead.values()];
      setSince(deaths.reduce((latest, { confirmingSinceMs }) => Math.max(latest, confirmingSinceMs ?? 0), 0));
      return {
        total: counted.size,
        unhealthy: suspect.size + dead.size,
        unseen: unseen.size,
        unconfirmed: deaths.filter((health) => isUnconfirmed(health, policy)).length,
      };
    },
  };
}
