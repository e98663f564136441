import type { Context } from 'hono';
import type { StoredEvent } from '../../core/history/event.ts';
import type { StoredEventFilter } from '../../core/history/event-filter.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { ProblemError } from '../problem.ts';
import { createSseSink, type SseSink } from './sse-sink.ts';

export interface StreamOptions {
  name: 'rental' | 'node' | 'event';
  tenant: string | null;
  filter: StoredEventFilter;
  /** The objects as they are now. */
  snapshot: () => Promise<Iterable<unknown>> | AsyncIterable<unknown>;
  /** Turns an event into what is sent; null leaves it out. */
  shape: (event: StoredEvent) => unknown | null;
  /** True for the last object: nothing follows it, and the stream ends. */
  isLast?: (object: unknown) => boolean;
}

/** False for HEAD: nobody reads the body, so the stream would never end. */
export function wantsStream(c: Context<AppEnv>): boolean {
  return c.req.method === 'GET' && (c.req.header('accept') ?? '').includes('text/event-stream');
}

/** The number of the last event that the client got; null when it names none. */
export function readLastEventId(c: Context<AppEnv>): number | null {
  const id = c.req.header('last-event-id') ?? '';
  return /^\d{1,15}$/.test(id) ? Number(id) : null;
}

/**
 * A watch: the objects as they are, then each change. `Last-Event-ID` resumes after that event instead, without a
 * gap. Ends when the token does, or when the client does not keep up.
 */
export async function answerStream(
  c: Context<AppEnv>,
  deps: ApiDeps,
  options: StreamOptions,
): Promise<Response> {
  const { maxWatches } = await deps.store.loadLimits(c.var.principal.tenant);
  const place = deps.watch.enter(c.var.credential, 'watch', maxWatches);
  if (place === null) {
    const detail = `this token has ${maxWatches} watches open, the most allowed; close one first`;
    throw new ProblemError('too_many_watches', detail, { headers: { 'Retry-After': '10' } });
  }
  // Only the real server has a connection to break.
  const { outgoing } = (c.env ?? {}) as { outgoing?: { destroy(): void } };
  const sink = createSseSink(deps.watch.sinkLimits, outgoing ? () => void outgoing.destroy() : null);
  const ended = AbortSignal.any([sink.signal, place.signal]);
  void feed(sink, readLastEventId(c), deps, options, ended)
    .catch((error: unknown) => deps.logger.warn({ err: error }, 'a watch broke off'))
    .finally(() => {
      sink.end();
      place.leave();
    });
  c.header('Content-Type', 'text/event-stream');
  c.header('Cache-Control', 'no-store');
  c.header('X-Accel-Buffering', 'no');
  return c.newResponse(sink.readable);
}

async function feed(
  sink: SseSink,
  lastEventId: number | null,
  { watch, store }: ApiDeps,
  { name, tenant, filter, snapshot, shape, isLast = () => false }: StreamOptions,
  signal: AbortSignal,
): Promise<void> {
  // Read before the objects: a change in between is then sent twice rather than missed.
  const newest = await store.lastEventSeq();
  let afterSeq = newest;
  if (lastEventId !== null && (await canResume(lastEventId, newest))) afterSeq = lastEventId;
  else {
    for await (const object of await snapshot()) {
      if (signal.aborted || !(await sink.send({ event: name, id: newest, data: object }))) return;
      // The reader may resume behind it, where nothing is left.
      if (isLast(object)) return void sink.remark('synced');
    }
    sink.remark('synced');
  }
  for await (const event of watch.follow(tenant, { ...filter, afterSeq }, signal)) {
    const object = shape(event);
    if (object === null || object === undefined) continue;
    if (!(await sink.send({ event: name, id: event.seq, data: object })) || isLast(object)) return;
  }

  /**
   * Not from beyond the end of the history, as after a restored backup. Nor objects from before its beginning: the
   * changes in between are recorded nowhere any more. Events go on with the oldest one there is.
   */
  async function canResume(seq: number, last: number): Promise<boolean> {
    return seq <= last && (name === 'event' || seq >= (await store.firstEventSeq()) - 1);
  }
}
