import type { RentalView } from '../core/view/rental-view.ts';
import { call, type Page } from './call.ts';
import { createCollection } from './collection.ts';
import type { EventView } from './event-look.ts';
import { mergeEvents } from './event-look.ts';
import type { AnyNode } from './node-look.ts';
import { createValue, type Observable } from './observable.ts';
import { putPool, refreshPool } from './pool-live.ts';
import { type WatchState, watch } from './watch.ts';

/** How many events the page keeps. The history has them all. */
const KEPT_EVENTS = 1_000;
const FIRST_EVENTS = 60;

const soon = (work: () => void) => {
  // A hidden page is not painted, but should still know what happened.
  if (document.hidden) setTimeout(work, 1_000);
  else requestAnimationFrame(() => work());
};

export const nodes = createCollection<AnyNode>(({ name }) => name, soon);
export const rentals = createCollection<RentalView>(({ id }) => id, soon);
const recent = createValue<readonly EventView[]>([]);
/** The newest events, newest first. */
export const events: Observable<readonly EventView[]> = recent;

const states = {
  nodes: createValue<WatchState>('connecting'),
  rentals: createValue<WatchState>('connecting'),
  events: createValue<WatchState>('connecting'),
};
/** The worst state of the three watches. */
export const liveState = createValue<WatchState>('connecting');
for (const state of Object.values(states)) {
  state.subscribe(() => {
    const all = Object.values(states).map((each) => each.get());
    const worst = (['ended', 'reconnecting', 'connecting'] as const).find((each) => all.includes(each));
    liveState.set(worst ?? 'live');
  });
}

const followers = new Set<(event: EventView) => void>();
/** Calls back for each event from now on, until the returned function is called. */
export function onEvent(follower: (event: EventView) => void): () => void {
  followers.add(follower);
  return () => followers.delete(follower);
}

/** Follows everything that this session may see, until the signal aborts. */
export function startLive(signal: AbortSignal): void {
  void watch('/api/nodes', nodes, states.nodes, signal);
  void watch('/api/rentals', rentals, states.rentals, signal);
  const history = {
    put: (event: EventView) => take(event, signal),
    // What happened while the page was not connected.
    sync: () => {
      void loadRecent().catch(() => undefined);
      void refreshPool(signal);
    },
  };
  void watch('/api/events', history, states.events, signal);
  void refreshPool(signal);
  signal.addEventListener('abort', () => {
    for (const collection of [nodes, rentals]) collection.clear();
    recent.set([]);
    putPool(null);
  });
}

function take(event: EventView, signal: AbortSignal): void {
  // A removed node has no object left that its watch could report.
  if (event.type === 'node.removed' && event.node !== null) nodes.remove(event.node);
  if (event.type.startsWith('pool.')) void refreshPool(signal);
  recent.set(mergeEvents(recent.get(), [event]).slice(0, KEPT_EVENTS));
  for (const follower of [...followers]) follower(event);
}

async function loadRecent(): Promise<void> {
  const page = await call<Page<EventView>>('GET', `/api/events?order=desc&limit=${FIRST_EVENTS}`);
  recent.set(mergeEvents(recent.get(), page.items));
}
