import type { Rental } from '../core/model/rental.ts';
import type { LogScope } from '../core/ports/log.ts';
import { isWaiting, orderDepartures } from '../core/rental/departure.ts';
import { reread } from './commit.ts';
import { type Context, DeposedError } from './context.ts';
import type { Due } from './due.ts';
import { pause } from './pause.ts';
import { createPurge } from './purge.ts';
import { reconcileNode } from './reconcile-node.ts';
import { reconcileQueue } from './reconcile-queue.ts';
import { reconcileRental } from './reconcile-rental.ts';
import { createOwnFaultTeller } from './tell-own-fault.ts';
import { createUnsatisfiableRentals } from './unsatisfiable.ts';
import { createBreakerWatch } from './watch-breaker.ts';
import { createControlsWatch } from './watch-controls.ts';

/** How soon a write by the API, on any replica, is picked up. */
const POLL_MS = 250;
/** How often everything is read and checked again: a missed change costs time, never correctness. */
const RESYNC_MS = 10_000;
/** How often `lastChecked` is written, for all nodes together. */
const FLUSH_MS = 5_000;
/** Pause after a failed pass, so that a database that is down is not hammered. */
const FAILURE_PAUSE_MS = 1_000;
/** Limit on follow-up rounds in one pass; what is left is due in the next. */
const MAX_ROUNDS = 12;

export interface Loop {
  /** Starts a pass now instead of at the next poll. */
  wake(): void;
  /** Runs until the signal; rejects with DeposedError when another daemon leads. */
  run(signal: AbortSignal): Promise<void>;
}

/** THE reconcile loop: one pass after the other, each over what is due. Nothing in a pass waits for a node. */
export function createLoop(
  makeContext: (parts: Pick<Context, 'due' | 'breaker' | 'controls'>) => Context,
  due: Due,
  { onTurn, logScope }: { onTurn: () => void; logScope: LogScope },
): Loop {
  // Recomputed before each decision: the fleet may have gone silent while the last one was being saved.
  const context = makeContext({
    due,
    breaker: () => breaker.update(),
    controls: { pause: () => controls.pause(), isOverridden: (node) => controls.isOverridden(node) },
  });
  const { clock, fleet, watcher, store, leadership, logger, metrics } = context;
  const markAll = () => {
    for (const { spec } of fleet.nodes.all()) due.markNode(spec.name);
    for (const { id } of fleet.rentals.all()) due.markRental(id);
  };
  const breaker = createBreakerWatch(context, () => {
    for (const { id } of fleet.rentals.all()) due.markRental(id);
  });
  const controls = createControlsWatch(context, markAll);
  const purge = createPurge(context);
  const unsatisfiable = createUnsatisfiableRentals(context);
  const tellOwnFault = createOwnFaultTeller(context);
  let resyncAtMs = 0;
  let flushAtMs = 0;
  let wakeUp: (() => void) | null = null;

  async function resync(): Promise<void> {
    await fleet.reload();
    unsatisfiable.prune();
    watcher.follow([...fleet.nodes.all()]);
    markAll();
    resyncAtMs = clock.monotonicMs() + RESYNC_MS;
  }

  async function pass(): Promise<void> {
    if (clock.monotonicMs() >= resyncAtMs) await resync();
    await store.numberEvents(leadership);
    await takeDirtyNodes();
    const dirty = new Set(await store.listDirtyRentals());
    for (const id of dirty) await takeDirty(id);
    const seen = breaker.update();
    await breaker.tell();
    await tellOwnFault();
    await controls.read(seen);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const { nodes, rentals } = due.take(clock.now());
      if (nodes.length === 0 && rentals.length === 0) return;
      for (const name of nodes) await reconcileNode(name, context);
      await reconcileRentals(rentals, dirty);
    }
  }

  /** Nodes that the inventory or an operator wrote: they may be new, have another address, or have to be emptied. */
  async function takeDirtyNodes(): Promise<void> {
    const names = await store.listDirtyNodes();
    for (const name of names) {
      await reread({ nodes: [name] }, context);
      watcher.followNode(name, fleet.nodes.get(name));
      const live = fleet.livePlacement(name);
      if (live) due.markRental(live.rentalId);
    }
  }

  async function takeDirty(id: string): Promise<void> {
    await reread({ rentals: [id] }, context);
    for (const { node, endedAt } of fleet.rentals.get(id)?.placements ?? []) if (!endedAt) due.markNode(node);
  }

  /** Rentals with a node first, since a release may free one; then those that have to leave theirs; then the queue. */
  async function reconcileRentals(ids: string[], dirty: Set<string>): Promise<void> {
    const look = async (rental: Rental | undefined) => {
      if (rental) await reconcileRental(rental, context, { isDirty: dirty.delete(rental.id), place: null });
    };
    const rentals = ids.flatMap((id) => fleet.rentals.get(id) ?? []);
    const leaving = new Set(listLeaving());
    for (const rental of rentals) if (!isWaiting(rental) && !leaving.has(rental.id)) await look(rental);
    // A finished move makes room for any other, so all rentals that have to leave are checked, in their order.
    for (const id of listLeaving()) await look(fleet.rentals.get(id));
    // A node that became free or a rental that left concerns everyone who waits, so the whole queue is checked.
    await reconcileQueue(context, dirty, unsatisfiable);
  }

  function listLeaving(): string[] {
    return orderDepartures(fleet.rentals.leaving(), fleet.nodes.get).map(({ id }) => id);
  }

  async function flushChecked(): Promise<void> {
    if (clock.monotonicMs() < flushAtMs) return;
    flushAtMs = clock.monotonicMs() + FLUSH_MS;
    const checked = watcher.takeChecked();
    if (checked.length > 0 && !(await store.saveLastChecked(leadership, checked))) throw new DeposedError();
  }

  function sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (due.hasAny()) return Promise.resolve();
    return pause(clock, ms, signal, (end) => {
      wakeUp = end;
    });
  }

  /** One pass, even a failing one. Returns how long to wait before the next (ms). */
  async function takeTurn(): Promise<number> {
    const startedAtMs = clock.monotonicMs();
    try {
      await pass();
      await flushChecked();
      await purge();
      onTurn();
      metrics.passEnded('done', clock.monotonicMs() - startedAtMs);
      return POLL_MS;
    } catch (error) {
      if (error instanceof DeposedError) throw error;
      onTurn();
      metrics.passEnded('failed', clock.monotonicMs() - startedAtMs);
      logger.error({ err: error }, 'pass failed; reading everything again');
      resyncAtMs = 0;
      due.clear();
      return FAILURE_PAUSE_MS;
    }
  }

  return {
    wake: () => wakeUp?.(),
    async run(signal) {
      for (let count = 1; !signal.aborted; count++) {
        const pauseMs = await logScope({ pass: `${leadership.token}-${count}` }, takeTurn);
        await sleep(pauseMs, signal);
      }
    },
  };
}
