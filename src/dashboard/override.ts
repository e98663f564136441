import { describeAttribution } from '../core/model/controls.ts';
import { isDeadState } from '../core/model/node-states.ts';
import type { RentalView } from '../core/view/rental-view.ts';
import { compareNames } from './fleet.ts';
import { type AnyNode, isFullView } from './node-look.ts';
import { openBreaker, type PoolState } from './pool-state.ts';
import { isOpen } from './rental-look.ts';
import { plural } from './words.ts';

/** The override made since the breaker last opened. An earlier one no longer counts. */
export function currentOverride(state: PoolState | null): NonNullable<PoolState['override']> | null {
  const opened = openBreaker(state);
  const override = state?.override ?? null;
  if (opened === null || override === null) return null;
  return override.at >= opened.lastTransitionTime ? override : null;
}

export function overrideText(override: NonNullable<PoolState['override']>): string {
  const asked = describeAttribution(override);
  return override.used
    ? `Overridden once for the nodes that were dead then, ${asked}. Rentals on nodes that died later are held.`
    : `An override takes effect with the next pass, requested ${asked}.`;
}

/** Whom an override would affect right now. */
export interface Reach {
  dead: string[];
  /** Clients that would be moved. */
  moving: number;
  /** Clients that asked to wait for their node, which is dead. */
  staying: number;
}

export function reachOf(nodes: Iterable<AnyNode>, rentals: Iterable<RentalView>): Reach {
  const dead = [...nodes].filter(isFullView).filter(({ status }) => isDeadState(status.state));
  const byName = new Map(dead.map((node) => [node.name, node]));
  const concerned = [...rentals].filter(isOpen).flatMap(({ spec, status }) => {
    const node = byName.get(status.node ?? '');
    return node === undefined ? [] : [{ node: node.spec, action: spec.onNodeLoss.action }];
  });
  // Nobody waits for a node that is being emptied, whatever its client asked for.
  const waits = ({ node, action }: (typeof concerned)[number]) =>
    action === 'wait' && !node.draining && !node.retiring;
  const staying = concerned.filter(waits).length;
  return { dead: [...byName.keys()].toSorted(compareNames), moving: concerned.length - staying, staying };
}

const NAMED = 8;

export function reachText({ dead, moving, staying }: Reach): string {
  const named = dead.slice(0, NAMED).join(', ') + (dead.length > NAMED ? ', …' : '');
  const nodes = `${plural(dead.length, 'node')} ${dead.length === 1 ? 'is' : 'are'} dead now: ${named}.`;
  if (moving + staying === 0) return `${nodes} No client is on ${dead.length === 1 ? 'it' : 'them'}.`;
  return [nodes, ...movingText(moving), ...stayingText(staying)].join(' ');
}

function movingText(count: number): string[] {
  if (count === 0) return ['No rental is moved.'];
  return count === 1
    ? ['1 client is moved to another machine, if one is free.']
    : [`${plural(count, 'client')} are moved to other machines, as far as any are free.`];
}

function stayingText(count: number): string[] {
  if (count === 0) return [];
  return count === 1
    ? ['1 client asked to wait for its machine, and stays.']
    : [`${plural(count, 'client')} asked to wait for their machines, and stay.`];
}
