import type { Metrics } from '../core/ports.ts';
import type { ReconcileStore } from '../core/store-ports.ts';

/** The store, whose saves are counted once they have succeeded, and only then. All else is looked up in the store. */
export function countSaves(store: ReconcileStore, metrics: Metrics): ReconcileStore {
  const counted: Pick<ReconcileStore, 'save'> = {
    async save(leadership, save) {
      const result = await store.save(leadership, save);
      if (result.kind === 'saved') metrics.eventsSaved(save.events);
      return result;
    },
  };
  return Object.assign(Object.create(store) as ReconcileStore, counted);
}
