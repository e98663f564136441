import { type Context, DeposedError } from './context.ts';

/** Tells the history when the daemon that leads lacks something of its own, and when it no longer does. */
export function createOwnFaultTeller({
  ownFaults,
  store,
  leadership,
  clock,
}: Pick<Context, 'ownFaults' | 'store' | 'leadership' | 'clock'>): () => Promise<void> {
  return async () => {
    const fault = ownFaults.current();
    if ((fault !== null) === ownFaults.isTold) return;
    const result = await store.save(leadership, {
      events: [
        {
          type: fault === null ? 'daemon.recovered' : 'daemon.fault',
          at: clock.now(),
          ...{ rentalId: null, node: null, tenant: null, object: null },
          reason: fault === null ? 'ControlPlaneWell' : 'ControlPlaneFault',
          message: fault ?? 'the control plane has what it needs again',
        },
      ],
    });
    if (result.kind === 'deposed') throw new DeposedError();
    if (result.kind === 'saved') ownFaults.isTold = fault !== null;
  };
}
