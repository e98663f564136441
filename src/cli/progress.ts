import type { Io } from './io.ts';
import { createPaint } from './paint.ts';

/** Reports progress on stderr, one line per step. On a terminal the last one also counts its seconds. */
export interface Progress {
  /** Repeating the same line is no new step. */
  step(line: string): void;
  /** What is printed after this starts on a new line. */
  end(): void;
}

const TICK_MS = 250;
/** A shorter time is not worth a number. */
const WORTH_TELLING_MS = 1_000;

export function createProgress(io: Io): Progress {
  return io.terminal('err') === null ? createPlainProgress(io) : createLiveProgress(io);
}

function createPlainProgress({ err }: Io): Progress {
  let last = '';
  return {
    step(line) {
      if (line !== last) err(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

function createLiveProgress(io: Io): Progress {
  const paint = createPaint(io, 'err');
  let last = '';
  let since = 0;
  let timer: NodeJS.Timeout | null = null;

  function draw(): void {
    const ms = performance.now() - since;
    const seconds = ms < WORTH_TELLING_MS ? '' : `  ${Math.floor(ms / 1_000)} s`;
    // Kept on one screen line, because a wrapped line could not be overwritten.
    const room = (io.terminal('err')?.columns ?? 80) - seconds.length - 1;
    const text = last.length > room ? `${last.slice(0, room - 1)}…` : last;
    io.err(`\r${text}${paint(seconds, 'faint')}\u001b[K`);
  }

  function end(): void {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    draw();
    io.err('\n');
    last = '';
  }

  return {
    step(line) {
      if (line === last) return;
      end();
      last = line;
      since = performance.now();
      timer = setInterval(draw, TICK_MS);
      timer.unref();
      draw();
    },
    end,
  };
}
