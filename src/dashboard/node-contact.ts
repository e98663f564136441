import type { NodeView } from '../core/view/node-view.ts';

/**
 * When it was last asked, and since when it gives no good answer. Its last good answer is not kept, so a time of it
 * cannot be shown: that of the last probe would look like one on the page of a dead node.
 */
export function contactOf({ status }: Pick<NodeView, 'status'>): [word: string, at: string | null][] {
  const { unreachableSince, lastChecked } = status;
  const silent: [string, string][] =
    unreachableSince === null ? [] : [['No good answer since', unreachableSince]];
  return [...silent, ['Last checked', lastChecked]];
}
