import { type Breaker, UNSEEN_BREAKER } from '../core/health/breaker.ts';
import { type Controls, describeAttribution, NO_CONTROLS } from '../core/model/controls.ts';
import { isDeadState } from '../core/model/node-states.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';

export interface ControlsWatch {
  /** Call once in each pass, after the breaker was updated. */
  read(breaker: Breaker): Promise<void>;
  pause(): Controls['pause'];
  isOverridden(node: string): boolean;
}

/**
 * Operators' requests for the reconciler as a whole, as of this pass. An override counts for the nodes that were dead
 * when it was used, for as long as each stays dead. It is kept only in memory, so that the breaker holds again for a
 * new leader, and for later deaths. `onChange`: called when everything has to be checked.
 */
export function createControlsWatch(
  context: Pick<Context, 'fleet' | 'due' | 'store' | 'leadership' | 'clock' | 'logger' | 'metrics'>,
  onChange: () => void,
): ControlsWatch {
  const { fleet, store, clock, logger, metrics } = context;
  let controls = NO_CONTROLS;
  /** For nodes that were dead when the override was used: node -> since when (ms). */
  const overridden = new Map<string, number>();
  const deadSince = (name: string) => {
    const record = fleet.nodes.get(name)?.record;
    return record && isDeadState(record.state) ? record.stateSince.getTime() : null;
  };

  /** Saved as used before any rental is moved for it, so that a lost answer does not lead to a second use. */
  async function use(override: NonNullable<Controls['override']>, isOpen: boolean) {
    const dead = isOpen ? [...fleet.nodes.all()].filter(({ record }) => isDeadState(record.state)) : [];
    const { number, by } = override;
    const asked = `requested ${describeAttribution(override)}`;
    const message = isOpen
      ? `rentals on ${dead.length} dead nodes are moved although the breaker is open, ${asked}`
      : `not used, since the breaker had closed by then; ${asked}`;
    const about = { rentalId: null, node: null, tenant: null, object: null };
    const fence = await commit(context, {
      overrideUsed: number,
      events: [
        { type: 'pool.override_used', at: clock.now(), ...about, reason: 'BreakerOverridden', message },
      ],
    });
    if (fence === 'conflict') return;
    logger.warn({ nodes: dead.map(({ spec }) => spec.name), by }, 'breaker overridden once');
    for (const { spec, record } of dead) overridden.set(spec.name, record.stateSince.getTime());
    onChange();
  }

  return {
    async read(breaker) {
      const before = controls.pause;
      controls = await store.loadControls();
      const { pause, override } = controls;
      metrics.pausedIs(pause !== null);
      if ((before === null) !== (pause === null)) {
        logger.warn({ paused: pause !== null, by: pause?.by }, 'pause changed');
        onChange();
      }
      if (!breaker.open) overridden.clear();
      // A leader that has not probed the fleet yet does not know which nodes are dead.
      if (override && !override.isUsed && breaker !== UNSEEN_BREAKER) await use(override, breaker.open);
    },
    pause: () => controls.pause,
    isOverridden: (name) => overridden.has(name) && overridden.get(name) === deadSince(name),
  };
}
