import { isOtherBoot } from '../core/model/boot.ts';
import type { Placement } from '../core/model/rental.ts';
import type { Books } from './books.ts';
import { bootIdOf } from './machine.ts';
import type { Commit } from './memory/tables.ts';

/** Notes the start of the machine on which a client got access. */
export function noteReady({ machines, boots }: Books, before: Placement, after: Placement): void {
  const machine = machines.get(after.node);
  if (before.readyAt === null && after.readyAt !== null && machine) boots.set(after.epoch, bootIdOf(machine));
}

/** Notes which clients a commit tells of a restart. They then know of the start in the node's row. */
export function noteRestarts(books: Books, { events }: Commit): void {
  for (const { type, rentalId } of events) {
    if (type !== 'rental.restarted') continue;
    const serving = [...books.tables.placements.values()].find(
      (placement) => placement.rentalId === rentalId && isServed(placement),
    );
    const told = serving && books.tables.nodes.get(serving.node)?.record.bootId;
    if (!told) books.violate(`${rentalId} is told of a restart and has no machine`);
    else if (!isOtherBoot(told, books.boots.get(serving.epoch) ?? '-'))
      books.tally.count('a restart was told that the client did not live through');
    if (told) books.boots.set(serving.epoch, told);
  }
}

/** A client who was not told that their machine was restarted; null: there is none. */
export function whyUntold({ tables, machines, boots }: Books): string | null {
  for (const placement of tables.placements.values()) {
    const machine = machines.get(placement.node);
    if (!machine || !isServed(placement)) continue;
    const known = boots.get(placement.epoch);
    if (known !== undefined && isOtherBoot(known, bootIdOf(machine)))
      return `${placement.rentalId} was not told that ${placement.node} was restarted`;
  }
  return null;
}

function isServed({ role, readyAt, endedAt }: Placement): boolean {
  return role === 'serving' && readyAt !== null && endedAt === null;
}
