import type { Io } from './io.ts';
import { createPaint } from './paint.ts';

/** Says on stderr what goes on, a line for each step; on a terminal the last one also counts its seconds. */
export interface Progress {
  /** The same line again is no step. */
  step(line: string): void;
  /** What comes after stands on lines of its own. */
  end(): void;
}

const TICK_MS = 250;
/** What took less is not worth a number. */
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
    // One screen line: what wrapped could not be written over.
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
