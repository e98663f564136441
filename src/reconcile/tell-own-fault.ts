import { commit } from './commit.ts';
import type { Context } from './context.ts';

/** Records in the history when the leading daemon itself lacks something, and when it no longer does. */
export function createOwnFaultTeller(
  context: Pick<Context, 'ownFaults' | 'clock' | 'store' | 'leadership' | 'fleet' | 'due'>,
): () => Promise<void> {
  const { ownFaults, clock } = context;
  return async () => {
    const fault = ownFaults.current();
    if ((fault !== null) === ownFaults.isTold) return;
    const fence = await commit(context, {
      events: [
        {
          type: fault === null ? 'daemon.recovered' : 'daemon.fault',
          at: clock.now(),
          rentalId: null,
          node: null,
          tenant: null,
          object: null,
          reason: fault === null ? 'ControlPlaneWell' : 'ControlPlaneFault',
          message: fault ?? 'the control plane has what it needs again',
        },
      ],
    });
    if (fence !== 'conflict') ownFaults.isTold = fault !== null;
  };
}
