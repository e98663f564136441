import { accepts, STATES } from '../core/model/node-states.ts';
import type { NodeView } from '../core/view/node-view.ts';

export interface NodeAction {
  /** The last part of the URL path. */
  kind: 'cordon' | 'uncordon' | 'drain' | 'clean' | 'trust' | 'adopt' | 'forget';
  label: string;
  text: string;
  done: string;
  isDangerous: boolean;
  /** The API stores a reason for it with the node. */
  asksWhy: boolean;
}

/** The actions that make sense for a node in its current state. The API refuses the rest. */
export function nodeActionsOf({ name, spec, status }: NodeView): NodeAction[] {
  const actions: NodeAction[] = [];
  const add = (kind: NodeAction['kind'], label: string, text: string, done: string, isDangerous = false) =>
    actions.push({ kind, label, text, done, isDangerous, asksWhy: kind === 'cordon' || kind === 'drain' });
  const isHeld = spec.unschedulable && !spec.retiring;
  if (isHeld) add('uncordon', 'Uncordon', 'It may be rented again.', `${name} may be rented again`);
  if (!spec.unschedulable) {
    add('cordon', 'Cordon', 'It gets no new rentals; the current one stays.', `${name} gets no new rentals`);
  }
  if (!spec.draining && !spec.retiring) {
    const text = status.allocated
      ? 'Its rental is moved to another machine first, and it gets no new ones.'
      : 'It gets no new rentals.';
    add('drain', 'Drain', text, `${name} is being emptied`, status.allocated);
  }
  const reason = status.conditions.find(({ type }) => type === 'Schedulable')?.reason;
  if (STATES[status.state].work === 'cleanSlowly' || reason === 'AwaitingOperator') {
    add('clean', 'Clean now', 'It is cleaned and verified again.', `${name} is cleaned and verified`);
  }
  if (status.offeredFingerprint !== null && spec.hostKey === null) {
    const text = `It shows the host key ${status.offeredFingerprint}. Accept it only when you know why it changed.`;
    add('trust', 'Trust its new host key', text, `The host key of ${name} is accepted`, true);
  }
  if (status.otherFleet !== null) {
    const text = `It belongs to the fleet ${status.otherFleet} of another Orion. That Orion is refused from then on, and everything on the machine is removed.`;
    add('adopt', 'Take over', text, `${name} is taken over, prepared and cleaned`, true);
  }
  if (spec.retiring && accepts(status.state, 'forget')) {
    const text = 'It is dropped without being cleaned. What clients left there stays there.';
    add('forget', 'Forget', text, `${name} is given up`, true);
  }
  return actions;
}
