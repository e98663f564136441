import { ApiError } from '../client/protocol/errors.ts';
import { follow, type OpenStream } from '../client/protocol/watch.ts';
import { openStream } from './call.ts';
import type { Settable } from './observable.ts';

/** `ended`: nothing more will come, or the reader may not watch. */
export type WatchState = 'connecting' | 'live' | 'reconnecting' | 'ended';

/** Takes what a watch sends, as a collection does. */
export interface Sink<Item> {
  put(item: Item): void;
  /** A connection begins. */
  begin?(): void;
  /** Every object has been put since `begin`. Not called when a watch resumes. */
  sync(): void;
}

/** Follows a watch of the API until the signal aborts, also when it cannot be opened at first. */
export async function watch<Item>(
  path: string,
  sink: Sink<Item>,
  state: Settable<WatchState>,
  signal: AbortSignal,
): Promise<void> {
  const open: OpenStream = (headers, line) => openStream(path, headers, line);
  // The network is back, or the page is shown again.
  const wakeOn = [[window, 'online'] as const, [document, 'visibilitychange'] as const];
  state.set('connecting');
  try {
    for await (const step of follow(open, { signal, wakeOn })) {
      switch (step.kind) {
        case 'open':
          sink.begin?.();
          state.set('live');
          break;
        case 'object':
          sink.put(step.object as Item);
          break;
        case 'synced':
          sink.sync();
          break;
        case 'lost':
          state.set('reconnecting');
      }
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  } finally {
    if (!signal.aborted) state.set('ended');
  }
}
