import { type Controls, NO_CONTROLS, withControl } from '../../core/model/controls.ts';
import type { ControlStore } from '../../core/ports/controls.ts';
import type { Tables } from './tables.ts';
import { type MemoryDeps, write } from './transaction.ts';

/** The key of the table's only row. */
export const CONTROLS_KEY = 'fleet';

export function createMemoryControls(deps: MemoryDeps): ControlStore {
  const { tables } = deps;
  return {
    loadControls: async () => controlsOf(tables),
    async writeControl(request, event) {
      return write(deps, [event], (transaction) => {
        const next = withControl(controlsOf(tables), request);
        if (next !== null) transaction.set('controls', tables.controls, CONTROLS_KEY, next);
        return next !== null;
      });
    },
  };
}

export function controlsOf({ controls }: Tables): Controls {
  return controls.get(CONTROLS_KEY) ?? NO_CONTROLS;
}
