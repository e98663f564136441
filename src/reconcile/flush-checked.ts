import { type Context, DeposedError } from './context.ts';

/** `lastChecked` of all nodes is written together this often. */
const FLUSH_MS = 5_000;

/** Writes when each node was last probed, if that is due. */
export function createFlush({
  clock,
  watcher,
  store,
  leadership,
}: Pick<Context, 'clock' | 'watcher' | 'store' | 'leadership'>): () => Promise<void> {
  let dueAtMs = 0;
  return async () => {
    if (clock.monotonicMs() < dueAtMs) return;
    dueAtMs = clock.monotonicMs() + FLUSH_MS;
    const checked = watcher.takeChecked();
    if (checked.length > 0 && !(await store.saveLastChecked(leadership, checked))) throw new DeposedError();
  };
}
