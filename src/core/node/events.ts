import { describeConditionChanges } from '../history/condition-events.ts';
import type { NewEvent } from '../history/event.ts';
import type { Condition } from '../model/condition.ts';
import type { Node } from '../model/node.ts';
import type { Rental } from '../model/rental.ts';
import { viewNode } from '../view/node-view.ts';
import { viewRental } from '../view/rental-view.ts';
import type { NodeDecision } from './decision.ts';
import type { NodeInputs } from './inputs.ts';

interface Known {
  /** The rental on the node. */
  rental: Rental | undefined;
  nodeOf: (name: string) => Node | undefined;
  /** True: the history has no entry with this reason since the condition last changed its status. */
  isNews: (condition: Condition) => boolean;
}

/** The history entries for a decision about a node. */
export function describeNode(
  { node, live, now }: NodeInputs,
  decision: NodeDecision,
  { rental, nodeOf, isNews }: Known,
): NewEvent[] {
  const events = [...decision.events];
  if (decision.remove) {
    const message = 'taken out of the inventory and clean: forgotten';
    events.push({ type: 'node.removed', reason: 'Retiring', message });
  }
  const { conditions } = decision.record;
  events.push(...describeConditionChanges(node.record.conditions, conditions, events, isNews));
  const occupant = decision.placement?.endedAt ? null : (live?.rentalId ?? null);
  const nodeView = viewNode({ ...node, record: decision.record }, occupant);
  return events.map((event) => {
    const about = event.type.startsWith('rental.') ? rental : undefined;
    return {
      ...event,
      at: now,
      node: node.spec.name,
      rentalId: about?.id ?? null,
      tenant: about?.tenant ?? null,
      object: about ? viewRental(about, nodeOf) : nodeView,
    };
  });
}
