import { type Breaker, UNSEEN_BREAKER } from '../core/health/breaker.ts';
import { type Controls, describeAttribution, NO_CONTROLS } from '../core/model/controls.ts';
import { isDeadState } from '../core/model/node-states.ts';
import { commit } from './commit.ts';
import type { Context } from './context.ts';

export interface ControlsWatch {
  /** Once in each pass, after the breaker was looked at. */
  read(breaker: Breaker): Promise<void>;
  pause(): Controls['pause'];
  isOverridden(node: string): boolean;
}

/**
 * What operators asked of the reconciler as a whole, as it is in this pass. An override counts for the nodes that were
 * dead when it was taken up, for as long as each stays so: it is kept in memory alone, so that a leader who takes over,
 * or a death that comes later, is held again. `onChange`: everybody is to be looked at.
 */
export function createControlsWatch(
  context: Pick<Context, 'fleet' | 'due' | 'store' | 'leadership' | 'clock' | 'logger' | 'metrics'>,
  onChange: () => void,
): ControlsWatch {
  const { fleet, store, clock, logger, metrics } = context;
  let controls = NO_CONTROLS;
  /** node -> since when it was dead when the override was taken up. */
  const overridden = new Map<string, number>();
  const deadSince = (name: string) => {
    const record = fleet.nodes.get(name)?.record;
    return record && isDeadState(record.state) ? record.stateSince.getTime() : null;
  };

  /** Saved as used before anybody is moved for it: should the answer get lost, it is not used a second time. */
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
      // Who has not looked at the fleet yet can't tell what is to be overridden.
      if (override && !override.isUsed && breaker !== UNSEEN_BREAKER) await use(override, breaker.open);
    },
    pause: () => controls.pause,
    isOverridden: (name) => overridden.has(name) && overridden.get(name) === deadSince(name),
  };
}
