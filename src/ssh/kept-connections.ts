import type { Held } from './held.ts';

/** A daemon that leads again does so within seconds. After this long another one leads, and has its own connections. */
const KEPT_MS = 60_000;

/**
 * Held connections between two terms of leadership of this daemon, so that a leader that leads again need not log in
 * to every node anew. Nothing uses them meanwhile.
 */
export interface KeptConnections {
  put(node: string, held: Held): void;
  /** Null: none is kept, or it has ended meanwhile. */
  take(node: string): Held | null;
  close(): void;
}

export function createKeptConnections(keptMs = KEPT_MS): KeptConnections {
  const kept = new Map<string, { held: Held; timer: NodeJS.Timeout }>();

  function take(node: string): Held | null {
    const entry = kept.get(node);
    if (!entry) return null;
    kept.delete(node);
    clearTimeout(entry.timer);
    return entry.held.connection.ended.aborted ? null : entry.held;
  }
  const drop = (node: string) => take(node)?.connection.destroy();

  return {
    put(node, held) {
      drop(node);
      kept.set(node, { held, timer: setTimeout(() => drop(node), keptMs) });
    },
    take,
    close() {
      for (const node of [...kept.keys()]) drop(node);
    },
  };
}
