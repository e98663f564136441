import { setTimeout as sleep } from 'node:timers/promises';
import type { Io } from './io.ts';
import { createRows, type Format } from './output.ts';
import type { Resource } from './resources.ts';

/** Changes within this time are drawn together. */
const DRAW_EVERY_MS = 100;
/** Redraws because ages grow. Lists are read again because no event reports what left them. */
const TICK_MS = 1_000;
const RELIST_EVERY_TICKS = 20;

export interface LiveList<Item> {
  list(): Promise<Item[]>;
  changes(): AsyncGenerator<Item>;
}

/** Redraws a table in place on a terminal whenever it changes, until the signal or the end of the watch. */
export async function drawLive<Item>(
  io: Io,
  resource: Resource<Item>,
  format: Format | undefined,
  source: LiveList<Item>,
): Promise<void> {
  let items = toMap(resource, await source.list());
  const screen = createScreen(io);
  const draw = () => screen.draw(formatItems(io, resource, format, [...items.values()]));
  const ended = new AbortController();
  const signal = AbortSignal.any([io.signal, ended.signal]);
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => undefined);
  let isStale = false;

  async function redrawWhatChanged(): Promise<void> {
    while (!signal.aborted) {
      await pause(DRAW_EVERY_MS);
      if (isStale) draw();
      isStale = false;
    }
  }

  async function tick(): Promise<void> {
    for (let ticks = 1; !signal.aborted; ticks++) {
      await pause(TICK_MS);
      // The watch goes on by itself. If the list can't be read now, it is read next time.
      if (ticks % RELIST_EVERY_TICKS === 0) {
        items = await source.list().then(
          (list) => toMap(resource, list),
          () => items,
        );
      }
      isStale = true;
    }
  }

  draw();
  const drawing = Promise.all([redrawWhatChanged(), tick()]);
  try {
    for await (const item of source.changes()) {
      items.set(resource.idOf(item), item);
      isStale = true;
    }
  } finally {
    ended.abort();
    await drawing;
    draw();
  }
}

function toMap<Item>(resource: Resource<Item>, items: Item[]): Map<string, Item> {
  return new Map(items.map((item) => [resource.idOf(item), item]));
}

function formatItems<Item>(
  io: Io,
  resource: Resource<Item>,
  format: Format | undefined,
  items: Item[],
): string[] {
  if (items.length === 0) return [`There are no ${resource.singular}s.`];
  return createRows(io, resource, format, true).format(items).trimEnd().split('\n');
}

/** Draws over its earlier lines. What does not fit is only counted: lines that scrolled off could not be redrawn. */
function createScreen(io: Io): { draw(lines: string[]): void } {
  let drawn = 0;
  return {
    draw(lines) {
      const room = Math.max(2, (io.terminal('out')?.rows ?? 24) - 1);
      const shown =
        lines.length <= room ? lines : [...lines.slice(0, room - 1), `… and ${lines.length - room + 1} more`];
      const back = drawn === 0 ? '' : `\u001b[${drawn}A`;
      // Line by line, to avoid flicker.
      io.out(`${back}${shown.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
      drawn = shown.length;
    },
  };
}
