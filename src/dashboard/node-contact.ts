import type { NodeView } from '../core/view/node-view.ts';

/**
 * When a node was last probed, and since when it has given no good answer. The time of its last good answer is not
 * stored, and on the page of a dead node the time of the last probe would be taken for it.
 */
export function contactOf({ status }: Pick<NodeView, 'status'>): [word: string, at: string | null][] {
  const { unreachableSince, lastChecked } = status;
  const silent: [string, string][] =
    unreachableSince === null ? [] : [['No good answer since', unreachableSince]];
  return [...silent, ['Last checked', lastChecked]];
}
