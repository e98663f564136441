import type { Metrics } from '../core/ports/metrics.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';

/**
 * The store, with its successful saves counted, and only those. `onNotice` is called after a save that has a notice
 * for a client. Everything else goes straight to the store.
 */
export function countSaves(store: ReconcileStore, metrics: Metrics, onNotice: () => void): ReconcileStore {
  const counted: Pick<ReconcileStore, 'save'> = {
    async save(leadership, save) {
      const result = await store.save(leadership, save);
      if (result.kind !== 'saved') return result;
      metrics.eventsSaved(save.events);
      if (save.events.some(({ notice }) => notice !== undefined)) onNotice();
      return result;
    },
  };
  return Object.assign(Object.create(store) as ReconcileStore, counted);
}
