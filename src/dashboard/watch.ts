import { pauseMs } from '../client/protocol/backoff.ts';
import type { Settable } from './observable.ts';
import { createSseParser } from './sse-parser.ts';

/** `ended`: nothing more will come, or the reader may not watch. */
export type WatchState = 'connecting' | 'live' | 'reconnecting' | 'ended';

export interface WatchOptions {
  state: Settable<WatchState>;
  onObject: (object: unknown, event: string) => void;
  /** A connection begins. */
  onOpen?: () => void;
  /** Every object has been sent since `onOpen`. Not called when a watch resumes. */
  onSynced?: () => void;
  /** The session is over. */
  onSignedOut: () => void;
  signal: AbortSignal;
}

/** The server sends something every 15 s. A connection this long silent is dead, whatever the browser believes. */
const SILENCE_MS = 40_000;

/** Follows a watch of the API until the signal aborts, without gaps, over any number of connections. */
export async function watch(path: string, options: WatchOptions): Promise<void> {
  const { state, signal } = options;
  let lastId = '';
  let failures = 0;
  while (!signal.aborted) {
    state.set(failures === 0 && lastId === '' ? 'connecting' : 'reconnecting');
    const retryAfterS = await connect();
    if (retryAfterS === 'over') break;
    failures++;
    await pause(pauseMs(failures, Math.random(), retryAfterS), signal);
  }
  if (!signal.aborted) state.set('ended');

  /** Resolves when the connection ends: with the seconds that the server asks to wait, if any, or `over`. */
  async function connect(): Promise<number | null | 'over'> {
    const line = new AbortController();
    const either = AbortSignal.any([signal, line.signal]);
    let silence = setTimeout(() => line.abort(), SILENCE_MS);
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => line.abort(), SILENCE_MS);
    };
    try {
      const headers = { accept: 'text/event-stream', ...(lastId ? { 'last-event-id': lastId } : {}) };
      const response = await fetch(path, { headers, signal: either });
      if (response.status === 401) options.onSignedOut();
      if ([204, 401, 403, 404].includes(response.status)) return 'over';
      if (!response.ok || response.body === null) {
        return Number(response.headers.get('retry-after')) || null;
      }
      options.onOpen?.();
      await take(response.body, heard);
      return null;
    } catch {
      // The connection broke or never opened. The caller tries again.
      return null;
    } finally {
      clearTimeout(silence);
    }
  }

  async function take(body: ReadableStream<Uint8Array>, heard: () => void): Promise<void> {
    const parse = createSseParser();
    const reader = body
      .pipeThrough(new TextDecoderStream() as never)
      .getReader() as ReadableStreamDefaultReader<string>;
    state.set('live');
    // A watch cannot resume from the middle of a snapshot: all of its objects have the same number.
    let isWhole = lastId !== '';
    let newestId = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      failures = 0;
      for (const message of parse(value)) {
        if (message.kind === 'comment') {
          if (message.text !== 'synced') continue;
          isWhole = true;
          options.onSynced?.();
        } else newestId = message.id;
        if (isWhole && newestId !== '') lastId = newestId;
        if (message.kind === 'event') options.onObject(JSON.parse(message.data), message.event);
      }
    }
  }
}

/** Ends early when the network is back or the page is shown again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const listen = (target: EventTarget, name: string) => {
      target.addEventListener(name, done);
      return () => target.removeEventListener(name, done);
    };
    const stops = [listen(signal, 'abort'), listen(window, 'online'), listen(document, 'visibilitychange')];
  });
}
