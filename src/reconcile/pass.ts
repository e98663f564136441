import type { Context } from './context.ts';
import { reconcileNode } from './reconcile-node.ts';
import { createQueue } from './reconcile-queue.ts';
import { reconcileRentals } from './reconcile-rentals.ts';
import { takeDirty } from './take-dirty.ts';
import { createOwnFaultTeller } from './tell-own-fault.ts';
import type { BreakerWatch } from './watch-breaker.ts';
import type { ControlsWatch } from './watch-controls.ts';

/** How often everything is read and checked again: a missed change costs time, never correctness. */
const RESYNC_MS = 10_000;
/** Limit on follow-up rounds in one pass; what is left is due in the next. */
const MAX_ROUNDS = 12;

export interface Pass {
  /** Processes what is due. */
  run(): Promise<void>;
  /** Drops what is due; the next pass reads everything again. */
  reset(): void;
}

export function createPass(
  context: Context,
  { breaker, controls }: { breaker: BreakerWatch; controls: ControlsWatch },
): Pass {
  const { clock, due, fleet, watcher, store, leadership } = context;
  const queue = createQueue(context);
  const tellOwnFault = createOwnFaultTeller(context);
  let resyncAtMs = 0;

  async function resync(): Promise<void> {
    await fleet.reload();
    queue.prune();
    watcher.follow([...fleet.nodes.all()]);
    markAll(context);
    resyncAtMs = clock.monotonicMs() + RESYNC_MS;
  }

  return {
    async run() {
      if (clock.monotonicMs() >= resyncAtMs) await resync();
      await store.numberEvents(leadership);
      const dirty = await takeDirty(context);
      const seen = breaker.update();
      await breaker.tell();
      await tellOwnFault();
      await controls.read(seen);
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const { nodes, rentals } = due.take(clock.now());
        if (nodes.length === 0 && rentals.length === 0) return;
        for (const name of nodes) await reconcileNode(name, context);
        await reconcileRentals(rentals, context, dirty, queue);
      }
    },
    reset() {
      resyncAtMs = 0;
      due.clear();
    },
  };
}

/** Every node and every open rental is due. */
export function markAll({ fleet, due }: Pick<Context, 'fleet' | 'due'>): void {
  for (const { spec } of fleet.nodes.all()) due.markNode(spec.name);
  for (const { id } of fleet.rentals.all()) due.markRental(id);
}
