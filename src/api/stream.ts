import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { StoredEvent } from '../core/event.ts';
import type { StoredEventFilter } from '../core/store-ports.ts';
import type { ApiDeps, AppEnv } from './app-env.ts';

const HEARTBEAT_MS = 15_000;

export function wantsStream(c: Context<AppEnv>): boolean {
  return (c.req.header('accept') ?? '').includes('text/event-stream');
}

/**
 * A watch: the objects as they are, then each change. `Last-Event-ID` resumes after that event instead, without a
 * gap. `shape` turns an event into what is sent, or null to leave it out.
 */
export function answerStream(
  c: Context<AppEnv>,
  { watch, store }: ApiDeps,
  options: {
    name: 'rental' | 'node' | 'event';
    tenant: string | null;
    filter: StoredEventFilter;
    snapshot: () => Promise<unknown[]>;
    shape: (event: StoredEvent) => unknown | null;
  },
): Response {
  const resumeAfter = Number(c.req.header('last-event-id') ?? Number.NaN);
  const response = streamSSE(c, async (stream) => {
    const gone = new AbortController();
    stream.onAbort(() => gone.abort());
    const heartbeat = setInterval(() => void stream.write(': still here\n\n'), HEARTBEAT_MS);
    const send = (object: unknown, seq: number) =>
      stream.writeSSE({ event: options.name, id: String(seq), data: JSON.stringify(object) });
    try {
      // Before the objects are read: what changes meanwhile is then sent again rather than missed.
      let afterSeq = resumeAfter;
      if (!Number.isSafeInteger(afterSeq)) {
        afterSeq = await store.lastEventSeq();
        for (const object of await options.snapshot()) await send(object, afterSeq);
      }
      for await (const event of watch.follow(options.tenant, { ...options.filter, afterSeq }, gone.signal)) {
        const object = options.shape(event);
        if (object !== null && object !== undefined) await send(object, event.seq);
      }
    } finally {
      clearInterval(heartbeat);
    }
  });
  response.headers.set('Cache-Control', 'no-store');
  response.headers.set('X-Accel-Buffering', 'no');
  return response;
}
