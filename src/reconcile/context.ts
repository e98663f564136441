import type { Breaker } from '../core/health/breaker.ts';
import type { Attribution } from '../core/model/controls.ts';
import type { Policy } from '../core/model/policy.ts';
import type { Work } from '../core/model/work.ts';
import type { AlarmClock } from '../core/ports/clock.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import type { Logger } from '../core/ports/log.ts';
import type { Metrics } from '../core/ports/metrics.ts';
import type { ReconcileStore } from '../core/ports/stores.ts';
import type { AnnouncedConditions } from './announced-conditions.ts';
import type { Due } from './due.ts';
import type { Fleet } from './fleet.ts';
import type { Outlook } from './outlook.ts';
import type { OwnFaults } from './own-faults.ts';
import type { Runs } from './runs.ts';
import type { Watcher } from './watcher.ts';

/** What one leader works with during its term of leadership. */
export interface Context {
  store: ReconcileStore;
  leadership: Leadership;
  fleet: Fleet;
  watcher: Watcher;
  outlook: Outlook;
  runs: Runs;
  announced: AnnouncedConditions;
  due: Due;
  policy: () => Policy;
  clock: AlarmClock;
  random: () => number;
  logger: Logger;
  metrics: Metrics;
  breaker: () => Breaker;
  ownFaults: OwnFaults;
  /** Operators' requests for the whole fleet, as of this pass. */
  controls: { pause: () => Attribution | null; isOverridden: (node: string) => boolean };
  /** Starts work on a node under the fence number of the save that ordered it. */
  start: (node: string, work: Work, fence: number) => void;
}

/** Thrown when a write finds that another daemon leads: everything stops acting at once. */
export class DeposedError extends Error {
  constructor() {
    super('another daemon is leading');
    this.name = 'DeposedError';
  }
}
