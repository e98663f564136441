/** One open stream of events to one client. */
export interface SseSink {
  readable: ReadableStream<Uint8Array>;
  /** Aborted when the client left or was cut off, and by `end`. */
  signal: AbortSignal;
  /** Resolves when more may be sent; false when the stream is over. */
  send(message: { event: string; id: number; data: unknown }): Promise<boolean>;
  /** Sends a comment. Only clients that listen for comments notice it. */
  remark(text: string): void;
  /** Ends the stream after what was sent. */
  end(): void;
}

export interface SinkLimits {
  /** The most that may wait in this process for a slow client. */
  maxBufferedBytes: number;
  /** A client that takes nothing for this long while something waits for it is cut off. */
  stallMs: number;
}

const HEARTBEAT_MS = 15_000;

/**
 * Bounded in bytes and in time: a client that does not read cannot hold memory or a place forever. It is cut off,
 * and may resume from the last event it got. `cut` breaks the connection; otherwise the buffered data would wait
 * there for a client that never comes.
 */
export function createSseSink({ maxBufferedBytes, stallMs }: SinkLimits, cut: (() => void) | null): SseSink {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const taking = createTaking(stallMs, cutOff);
  const heartbeat = setInterval(() => {
    // Skipped when the client is not reading: the queue would only grow.
    if (hasRoom()) controller.enqueue(encoder.encode(': still here\n\n'));
  }, HEARTBEAT_MS);
  gone.signal.addEventListener('abort', () => {
    clearInterval(heartbeat);
    taking.noteTaken();
  });
  const readable = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => taking.noteTaken(),
      cancel: () => gone.abort(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: maxBufferedBytes }),
  );

  function hasRoom(): boolean {
    return !gone.signal.aborted && (controller.desiredSize ?? 0) > 0;
  }

  function cutOff(): void {
    if (gone.signal.aborted) return;
    if (cut) cut();
    else controller.error(new Error('the client does not read'));
    gone.abort();
  }

  return {
    readable,
    signal: gone.signal,
    async send({ event, id, data }) {
      if (gone.signal.aborted) return false;
      controller.enqueue(encoder.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`));
      if (!hasRoom() && !gone.signal.aborted) await taking.wait();
      return !gone.signal.aborted;
    },
    remark(text) {
      if (!gone.signal.aborted) controller.enqueue(encoder.encode(`: ${text}\n\n`));
    },
    end() {
      if (gone.signal.aborted) return;
      controller.close();
      gone.abort();
    },
  };
}

/** Waits until the client takes something; a client that takes too long has stalled. */
function createTaking(stallMs: number, onStall: () => void) {
  let noteTaken: () => void = () => undefined;
  return {
    noteTaken: () => noteTaken(),
    wait: () =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(onStall, stallMs);
        noteTaken = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}
