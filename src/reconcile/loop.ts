import type { LogScope } from '../core/ports/log.ts';
import { type Context, DeposedError } from './context.ts';
import type { Due } from './due.ts';
import { createFlush } from './flush-checked.ts';
import { createPass, markAll } from './pass.ts';
import { pause } from './pause.ts';
import { createPurge } from './purge.ts';
import { createBreakerWatch } from './watch-breaker.ts';
import { createControlsWatch } from './watch-controls.ts';

/** How soon a write by the API, on any replica, is picked up. */
const POLL_MS = 250;
/** Pause after a failed pass, so that a database that is down is not hammered. */
const FAILURE_PAUSE_MS = 1_000;

export interface Loop {
  /** Starts a pass now instead of at the next poll. */
  wake(): void;
  /** Runs until the signal; rejects with DeposedError when another daemon leads. */
  run(signal: AbortSignal): Promise<void>;
}

/** THE reconcile loop: one pass after the other, each over what is due. Nothing in a pass waits for a node. */
export function createLoop(
  makeContext: (parts: Pick<Context, 'due' | 'breaker' | 'controls'>) => Context,
  due: Due,
  { onTurn, logScope }: { onTurn: () => void; logScope: LogScope },
): Loop {
  // Recomputed before each decision: the fleet may have gone silent while the last one was being saved.
  const context = makeContext({
    due,
    breaker: () => breaker.update(),
    controls: { pause: () => controls.pause(), isOverridden: (node) => controls.isOverridden(node) },
  });
  const { clock, fleet, leadership, logger, metrics } = context;
  const breaker = createBreakerWatch(context, () => {
    for (const { id } of fleet.rentals.all()) due.markRental(id);
  });
  const controls = createControlsWatch(context, () => markAll(context));
  const pass = createPass(context, { breaker, controls });
  const flushChecked = createFlush(context);
  const purge = createPurge(context);
  let wakeUp: (() => void) | null = null;

  function sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (due.hasAny()) return Promise.resolve();
    return pause(clock, ms, signal, (end) => {
      wakeUp = end;
    });
  }

  /** One pass, even a failing one. Returns how long to wait before the next (ms). */
  async function takeTurn(): Promise<number> {
    const startedAtMs = clock.monotonicMs();
    try {
      await pass.run();
      await flushChecked();
      await purge();
      onTurn();
      metrics.passEnded('done', clock.monotonicMs() - startedAtMs);
      return POLL_MS;
    } catch (error) {
      if (error instanceof DeposedError) throw error;
      onTurn();
      metrics.passEnded('failed', clock.monotonicMs() - startedAtMs);
      logger.error({ err: error }, 'pass failed; reading everything again');
      pass.reset();
      return FAILURE_PAUSE_MS;
    }
  }

  return {
    wake: () => wakeUp?.(),
    async run(signal) {
      for (let count = 1; !signal.aborted; count++) {
        const pauseMs = await logScope({ pass: `${leadership.token}-${count}` }, takeTurn);
        await sleep(pauseMs, signal);
      }
    },
  };
}
