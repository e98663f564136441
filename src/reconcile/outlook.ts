import type { FleetHealth } from '../core/health/breaker.ts';
import { describeFlapping } from '../core/health/flapping.ts';
import { createHealthTally } from '../core/health/tally.ts';
import { type Node, wasVerified } from '../core/model/node.ts';
import type { Policy } from '../core/model/policy.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Candidate } from '../core/scheduling/placement.ts';
import { createRoster, type Roster } from '../core/scheduling/roster.ts';
import type { Fleet } from './fleet.ts';
import { isSeenDrifted } from './observe-drift.ts';
import type { Watcher } from './watcher.ts';

/**
 * The state of the fleet as a whole right now, by the rows and the probes. Only changes are processed, so that the
 * cost of a query does not depend on the size of the fleet.
 */
export interface Outlook {
  health(): FleetHealth;
  roster(): Roster;
}

interface Observer {
  fleet: Fleet;
  watcher: Watcher;
  policy: () => Policy;
  clock: Clock;
}

export function createOutlook(context: Observer): Outlook {
  const { fleet, watcher, policy } = context;
  const tally = createHealthTally();
  const roster = createRoster();
  let judgedBy: Policy | null = null;

  function update(): void {
    const changed = new Set([...fleet.takeChanged(), ...watcher.takeChanged()]);
    // Another policy may judge any node differently.
    if (policy() !== judgedBy) for (const { spec } of fleet.nodes.all()) changed.add(spec.name);
    judgedBy = policy();
    for (const name of changed) note(name);
  }

  function note(name: string): void {
    const node = fleet.nodes.get(name);
    // A node with a client on it always counts, even if trusting another host key made it unverified.
    const counts = node && (wasVerified(node) || fleet.livePlacement(name));
    tally.note(name, counts ? watcher.health(name) : null);
    roster.note(name, node ? candidateOf(node, context) : null);
  }

  return {
    health() {
      update();
      return tally.count(policy().probe);
    },
    roster() {
      update();
      return roster;
    },
  };
}

function candidateOf(node: Node, { fleet, watcher, policy, clock }: Observer): Candidate {
  const { name } = node.spec;
  const health = watcher.health(name);
  return {
    node,
    health,
    occupied: fleet.livePlacement(name) !== undefined,
    drifted: isSeenDrifted(node, { watcher }),
    keyShared: fleet.sharedKeys.rivalOf(node) !== null,
    flapping: describeFlapping(node.record, health, policy().probe, clock.now()) !== null,
  };
}
