import { pauseMs } from './backoff.ts';
import { ApiError } from './errors.ts';
import { readSse, type SseMessage } from './sse.ts';

/**
 * Sends a GET with these headers. Resolves with the body, or with null for 204: nothing more will come. Throws
 * ApiError when refused.
 */
export type OpenStream = (
  headers: Record<string, string>,
  signal: AbortSignal,
) => Promise<AsyncIterable<Uint8Array> | null>;

export interface FollowOptions {
  signal: AbortSignal;
  /** The id of the last message seen. Only later ones are sent. */
  lastId?: string;
  /** Events that end the pause before the next try. */
  wakeOn?: readonly Waker[];
}

type Waker = readonly [target: EventTarget, event: string];

type WatchStep =
  /** A connection begins. */
  | { kind: 'open' }
  | { kind: 'object'; object: unknown }
  /** Every object has been sent since `open`. Missing when a watch resumes. */
  | { kind: 'synced' }
  /** There is no connection; the next try follows. `error`: null when the server ended it. */
  | { kind: 'lost'; error: unknown };

/** What outlives a connection. */
interface Place {
  /** Null: the next connection begins with all objects. */
  lastId: string | null;
  /** In a row. */
  failures: number;
}

/** Messages that carry an object. Others are for the connection itself. */
const OBJECTS = ['rental', 'node', 'event'];
/** The server sends something every 15 s. After this long in silence the connection is dead, though nobody closed it. */
const SILENCE_MS = 40_000;

/**
 * Follows a watch of the API over any number of connections, without gaps. Ends with the signal, or when nothing more
 * will come. Throws ApiError when another try would be refused as well.
 */
export async function* follow(open: OpenStream, options: FollowOptions): AsyncGenerator<WatchStep> {
  const { signal, wakeOn = [] } = options;
  const place: Place = { lastId: options.lastId ?? null, failures: 0 };
  while (!signal.aborted) {
    let error: unknown = null;
    try {
      if (yield* connect(open, place, signal)) return;
    } catch (thrown) {
      if (signal.aborted) return;
      if (isFinal(thrown)) throw thrown;
      error = thrown;
    }
    yield { kind: 'lost', error };
    if (signal.aborted) return;
    place.failures++;
    const retryAfterS = error instanceof ApiError ? error.retryAfterS : null;
    await pause(pauseMs(place.failures, Math.random(), retryAfterS), [[signal, 'abort'], ...wakeOn]);
  }
}

/** The steps of one connection. Returns true if nothing more will come. */
async function* connect(
  open: OpenStream,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<WatchStep, boolean> {
  const line = new AbortController();
  let silence = setTimeout(() => line.abort(), SILENCE_MS);
  // A watch cannot resume from the middle of its first objects: all of them have the same id.
  let isWhole = place.lastId !== null;
  let newestId: string | null = null;
  try {
    const resume: Record<string, string> = place.lastId === null ? {} : { 'last-event-id': place.lastId };
    const headers = { accept: 'text/event-stream', ...resume };
    const stream = await open(headers, AbortSignal.any([signal, line.signal]));
    if (stream === null) return true;
    yield { kind: 'open' };
    for await (const message of readSse(stream)) {
      // Stopped while the caller is busy: that is no silence of the server.
      clearTimeout(silence);
      place.failures = 0;
      if (message.kind === 'event') newestId = message.id;
      else if (message.text === 'synced') isWhole = true;
      if (isWhole) place.lastId = newestId ?? place.lastId;
      const step = stepOf(message);
      if (step !== null) yield step;
      silence = setTimeout(() => line.abort(), SILENCE_MS);
    }
    return false;
  } finally {
    clearTimeout(silence);
    line.abort();
  }
}

function stepOf(message: SseMessage): WatchStep | null {
  if (message.kind === 'comment') return message.text === 'synced' ? { kind: 'synced' } : null;
  return OBJECTS.includes(message.event) ? { kind: 'object', object: JSON.parse(message.data) } : null;
}

/** A request that was refused for what it is would be refused again. One that came too early or too slowly would not. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500 && ![408, 429].includes(error.status);
}

/** Resolves after the time, or with the first of the events. */
function pause(ms: number, wakers: readonly Waker[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(wake, ms);
    for (const [target, event] of wakers) target.addEventListener(event, wake);
    function wake(): void {
      clearTimeout(timer);
      for (const [target, event] of wakers) target.removeEventListener(event, wake);
      resolve();
    }
  });
}
