import { isOtherBoot } from '../core/model/boot.ts';
import { findCondition } from '../core/model/condition.ts';
import { computeExpiry } from '../core/model/lease.ts';
import type { Node } from '../core/model/node.ts';
import { listNodesAgainst } from '../core/scheduling/blame.ts';
import { matches } from '../core/scheduling/placement.ts';
import { bootIdOf, isClean } from './machine.ts';
import { type RentalRow, toRental } from './memory/tables.ts';
import type { World } from './world.ts';

/** What has not converged yet, with all faults gone; null when everything has. */
export function whyNotConverged(world: World, inventoryVersion: number): string | null {
  const { tables } = world.store;
  if (tables.inventory?.appliedSha256 !== String(inventoryVersion)) return 'the inventory is not applied';
  if (tables.waiting.length > 0) return 'events wait for their numbers';
  const told = tables.events.findLast(({ type }) => type.startsWith('pool.breaker_'));
  if (told?.type === 'pool.breaker_opened') return 'the breaker is open';
  for (const node of tables.nodes.values()) {
    const why = whyNotNode(world, node);
    if (why) return why;
  }
  for (const rental of tables.rentals.values()) {
    const why = rental.record.endedAt === null ? whyNotRental(world, rental) : null;
    if (why) return why;
  }
  return world.invariants.whyUntold();
}

function liveOn({ store }: World, name: string) {
  return [...store.tables.placements.values()].find(({ node, endedAt }) => node === name && endedAt === null);
}

function whyNotNode(world: World, { spec, record, requests, generation }: Node): string | null {
  const live = liveOn(world, spec.name);
  const machine = world.machines.get(spec.name);
  if (!machine) return `there is no machine ${spec.name}`;
  if (record.observedGeneration !== generation) return `what was asked of ${spec.name} was not looked at`;
  if (findCondition(record.conditions, 'Reachable')?.status !== 'True')
    return `${spec.name} is not reachable`;
  // An operator who trusted the key of a machine in the middle has to trust the machine's own again, once it is
  // probed.
  if (record.hostKey !== machine.hostKey) return `${spec.name} shows another host key`;
  if (record.bootId === null || isOtherBoot(record.bootId, bootIdOf(machine)))
    return `the last start of ${spec.name} is not recorded`;
  if (findCondition(record.conditions, 'Schedulable')?.reason === 'Flapping')
    return `${spec.name} is flapping`;
  if (record.state === 'free') {
    if (live) return `${spec.name} is free and lent`;
    if (spec.retiring) return `${spec.name} is retiring, free, and still there`;
    return isClean(machine) ? null : `${spec.name} is free and not clean`;
  }
  if (record.state !== 'allocated') return `${spec.name} is ${record.state}`;
  if (!live) return `${spec.name} is allocated to nobody`;
  if (record.attempt > 0) return `work on ${spec.name} is to be tried again`;
  const rental = world.store.tables.rentals.get(live.rentalId);
  const account = machine.accounts.get(live.account);
  if (!account) return `the account of ${live.rentalId} is not on ${spec.name}`;
  if (account.key !== rental?.spec.sshPublicKey) return `${live.rentalId} wants another key on ${spec.name}`;
  const end = computeExpiry(toRental(world.store.tables, rental));
  if (account.expiresAt?.getTime() !== end?.getTime())
    return `${live.rentalId} has another end on ${spec.name} than its lease`;
  if ((spec.retiring || requests.draining) && freeNodesFor(world, rental).length > 0)
    return `${spec.name} is to be emptied`;
  return null;
}

function freeNodesFor({ store }: World, rental: RentalRow): Node[] {
  return [...store.tables.nodes.values()].filter(
    (node) =>
      !node.spec.retiring &&
      !node.requests.cordoned &&
      !node.requests.draining &&
      node.record.state === 'free' &&
      matches(rental.spec.selector, node),
  );
}

/** A spec changed under suspicion counts as applied once it was tried, and a try needs a node. */
function waitsForItsOneTry(world: World, rental: RentalRow): boolean {
  const { phase, conditions } = rental.record;
  const isFull = phase === 'Pending' && findCondition(conditions, 'Ready')?.reason === 'NoFreeNode';
  const whole = toRental(world.store.tables, rental);
  const isSuspected =
    listNodesAgainst(whole).length > 0 || whole.placements.some(({ endReason }) => endReason === 'NodeDead');
  return isFull && isSuspected && freeNodesFor(world, rental).length === 0;
}

function whyNotRental(world: World, rental: RentalRow): string | null {
  const { phase } = rental.record;
  if (rental.dirty) return `what the API wrote of ${rental.id} was not looked at`;
  if (rental.releaseRequestedAt !== null) return `${rental.id} was released and is ${phase}`;
  if (rental.record.observedGeneration !== rental.generation && !waitsForItsOneTry(world, rental))
    return `the last spec of ${rental.id} is not applied`;
  if (phase === 'Active') return null;
  if (phase !== 'Pending') return `${rental.id} is ${phase}`;
  if (rental.record.conditions.some(({ reason }) => reason === 'ProvisionFailed')) {
    return `${rental.id} is to be tried again`;
  }
  return freeNodesFor(world, rental).length > 0 ? `${rental.id} waits, and a node for it is free` : null;
}
