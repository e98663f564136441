import type { StoredEvent } from '../../core/history/event.ts';
import type { Node } from '../../core/model/node.ts';
import type { QosQuestion } from '../../core/ports/events.ts';
import {
  NODE_STATE_TYPES,
  type NodeOpening,
  RENTAL_STATE_TYPES,
  toNodeOpening,
  toQosEvent,
} from '../../core/qos/event.ts';
import type { QosHistory } from '../../core/qos/qos.ts';
import { viewNode } from '../../core/view/node-view.ts';

/**
 * What store/statements/qos.ts reads with SQL, from the entries that have a number, in their order. `nodes`: for those
 * of which nothing was written for as long as the history goes back.
 */
export function readQosHistory(
  events: readonly StoredEvent[],
  asked: QosQuestion,
  nodes: Iterable<Node> = [],
): QosHistory | null {
  const { from, to, tenant, rentalId, limit } = asked;
  const isOfRental = (event: StoredEvent) =>
    event.rentalId !== null &&
    RENTAL_STATE_TYPES.includes(event.type) &&
    (tenant === null || event.tenant === tenant) &&
    (rentalId === null || event.rentalId === rentalId);
  const ofRentals = events.filter((event) => event.at < to && isOfRental(event));
  const endedBefore = new Set<string>();
  for (const event of ofRentals) {
    const id = event.rentalId as string;
    const { state } = toQosEvent(event);
    if (event.at < from && (state === 'Released' || state === 'Failed')) endedBefore.add(id);
  }
  const looked = ofRentals.filter((event) => event.at >= from || !endedBefore.has(event.rentalId as string));
  const isAll = tenant === null && rentalId === null;
  const places = new Set(looked.map(({ node }) => node));
  const ofNodes = events.filter(
    (event) => event.at < to && NODE_STATE_TYPES.includes(event.type) && (isAll || places.has(event.node)),
  );
  const openings = new Map<string, NodeOpening>();
  for (const node of nodes) {
    const { name } = node.spec;
    const opening = toNodeOpening({ seq: 0, node: name, object: viewNode(node, null) });
    const isOld = opening !== null && opening.stateSinceMs < from.getTime();
    if (isOld && (isAll || places.has(name))) openings.set(name, opening);
  }
  for (const event of ofNodes.filter(({ at }) => at < from)) {
    const opening = toNodeOpening(event);
    if (event.type === 'node.removed') openings.delete(event.node as string);
    else if (opening) openings.set(opening.node, opening);
  }
  const chosen = [...looked, ...ofNodes.filter(({ at }) => at >= from)].sort((a, b) => a.seq - b.seq);
  if (chosen.length > limit) return null;
  return { openings: [...openings.values()], events: chosen.map(toQosEvent) };
}
