import { isDeadState, type NodeState } from '../model/node-states.ts';
import { addTo, type Timeline } from './account.ts';
import type { NodeOpening } from './event.ts';

/** Times in milliseconds UTC. */
export interface NodeHealth {
  /** The first sign of failure; null: it is well. */
  downSinceMs: number | null;
  /** When it was judged dead; null: it is not. */
  deadSinceMs: number | null;
}

export interface NodeTrack {
  /** Sets how it was when the window began. */
  open(opening: NodeOpening): void;
  health(): NodeHealth;
  /** Sets how it is from now on; `state` null: unchanged. */
  become(atMs: number, next: { state: NodeState | null; isUnreachable: boolean }): void;
  /** It left the fleet. */
  leave(atMs: number): void;
  settle(atMs: number): void;
}

/** Follows one node through the history and adds up its time in each state within the window. */
export function createNodeTrack(timeline: Timeline): NodeTrack {
  let state: NodeState | null = null;
  let sinceMs = 0;
  let unreachableSinceMs: number | null = null;
  let deadSinceMs: number | null = null;

  function settle(atMs: number): void {
    const toMs = Math.max(sinceMs, atMs);
    const known = state;
    if (known !== null) {
      timeline.spread({ fromMs: sinceMs, toMs }, (bucket, part) => addTo(bucket.nodes, known, part));
    }
    sinceMs = toMs;
  }

  return {
    open(opening) {
      state = opening.state;
      sinceMs = opening.stateSinceMs;
      unreachableSinceMs = opening.unreachableSinceMs;
      deadSinceMs = isDeadState(opening.state) ? sinceMs : null;
    },
    health() {
      // A dead node that answers again is not well yet, and its outage began with the first sign of failure.
      const signs = [unreachableSinceMs, deadSinceMs].filter((ms) => ms !== null);
      return { downSinceMs: signs.length === 0 ? null : Math.min(...signs), deadSinceMs };
    },
    become(atMs, next) {
      settle(atMs);
      if (next.state !== null) {
        deadSinceMs = isDeadState(next.state) ? (deadSinceMs ?? atMs) : null;
        state = next.state;
      }
      unreachableSinceMs = next.isUnreachable ? (unreachableSinceMs ?? atMs) : null;
    },
    leave(atMs) {
      settle(atMs);
      state = null;
    },
    settle,
  };
}
