import pLimit from 'p-limit';
import type { Run, Work, WorkOutcome } from '../core/model/work.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';

/** Work on nodes that is under way or just ended: at most one piece per node, and a limited number of each kind. */
export interface Runs {
  get(node: string): Run | null;
  start(node: string, work: Work, fence: number): void;
  /** Forgets a run whose outcome was taken into account. */
  settle(node: string): void;
  abort(node: string): void;
  /** Aborts all and waits for them to end. */
  stop(): Promise<void>;
}

export interface RunsDeps {
  carryOut: (node: string, work: Work, fence: number, signal: AbortSignal) => Promise<WorkOutcome>;
  /** Pieces of work of one kind at once. */
  concurrency: number;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  onOutcome: (node: string) => void;
}

interface Entry {
  run: Run;
  controller: AbortController;
  ended: Promise<void>;
}

export function createRuns(deps: RunsDeps): Runs {
  const { carryOut, concurrency, clock, logger, metrics, onOutcome } = deps;
  const entries = new Map<string, Entry>();
  // One limit per kind: a queue of nodes to clean must not hold up a client who waits for a machine.
  const limits = { ensureAccess: pLimit(concurrency), clean: pLimit(concurrency) };

  async function perform(node: string, run: Run, signal: AbortSignal): Promise<void> {
    let startedAtMs = clock.monotonicMs();
    const outcome = await limits[run.work.kind](() => {
      startedAtMs = clock.monotonicMs();
      return signal.aborted ? { kind: 'aborted' as const } : carryOut(node, run.work, run.fence, signal);
    }).catch((error: unknown): WorkOutcome => {
      // A bug, since carryOut never rejects. The node gets a retry; the daemon lives on.
      logger.error({ node, work: run.work.kind, err: error }, 'work threw');
      const message = error instanceof Error ? error.message : 'unknown error';
      return { kind: 'failed', reason: 'PlaybookFailed', message, fenceSeen: null, uidSeen: null };
    });
    run.outcome = outcome;
    metrics.workEnded(run.work.kind, outcome, clock.monotonicMs() - startedAtMs);
    const failure = outcome.kind === 'failed' ? { reason: outcome.reason, detail: outcome.message } : {};
    logger.info(
      { node, work: run.work.kind, fence: run.fence, outcome: outcome.kind, ...failure },
      'work ended',
    );
    onOutcome(node);
  }

  return {
    get: (node) => entries.get(node)?.run ?? null,
    start(node, work, fence) {
      const controller = new AbortController();
      const run: Run = { work, fence, outcome: null };
      logger.info({ node, work: work.kind, fence }, 'work started');
      entries.set(node, { run, controller, ended: perform(node, run, controller.signal) });
    },
    settle(node) {
      if (entries.get(node)?.run.outcome) entries.delete(node);
    },
    abort: (node) => entries.get(node)?.controller.abort(),
    async stop() {
      for (const { controller } of entries.values()) controller.abort();
      await Promise.all([...entries.values()].map(({ ended }) => ended));
    },
  };
}
