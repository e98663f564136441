import type { LeadershipStore } from '../core/ports/leadership.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import type { InventoryKeeper } from './inventory-keeper.ts';
import { type LeadDeps, lead } from './lead.ts';
import { type LeaderSettings, runElections, type Term } from './leader.ts';
import type { Loop } from './loop.ts';

export interface ReconcilerDeps extends LeadDeps {
  store: ReconcileStore & LeadershipStore;
  keeper: InventoryKeeper;
  lease: LeaderSettings;
}

/** The reconciling half of a daemon: stands by for leadership, and leads for as long as it has it. */
export async function runReconciler(
  deps: ReconcilerDeps,
  onLoop: (loop: Loop | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const { store, keeper, clock, logger, lease, onTurn } = deps;
  // A daemon that was started with the inventory and leads applies it; a mere take-over never does. A daemon that
  // has stood by for longer than a dead predecessor's leadership lasts met a living leader, whose fleet counts.
  const standByEndsAtMs = clock.monotonicMs() + 2 * lease.durationMs;
  const serveTerm = async (term: Term) => {
    if (clock.monotonicMs() >= standByEndsAtMs) keeper.standBy();
    const over = new AbortController();
    const either = AbortSignal.any([term.signal, over.signal]);
    const parts = [keeper.run(term.leadership, either), lead(deps, { ...term, signal: either }, onLoop)];
    if (deps.sender) parts.push(deps.sender.run({ ...term, signal: either }));
    // The first part to end, such as one that finds another daemon leading, ends the term.
    await Promise.all(parts.map((part) => part.finally(() => over.abort())));
  };
  await runElections({ store, settings: lease, clock, logger, onTurn }, serveTerm, signal);
}
