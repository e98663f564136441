import { type ControlRequest, type Controls, NO_CONTROLS } from '../../core/model/controls.ts';

/** The row after a request; null when that changes nothing. */
export function withControl(controls: Controls, request: ControlRequest): Controls | null {
  switch (request.kind) {
    case 'pause': {
      const { reason, by, at } = request;
      return controls.pause ? null : { ...controls, pause: { reason, by, at } };
    }
    case 'resume':
      return controls.pause ? { ...controls, pause: null } : null;
    case 'override': {
      const { reason, by, at } = request;
      const number = (controls.override?.number ?? 0) + 1;
      return { ...controls, override: { reason, by, at, number, isUsed: false } };
    }
    default:
      return request satisfies never;
  }
}

/** The row after the leader used an override; null when it is not the one that waits. */
export function withOverrideUsed(controls: Controls, number: number): Controls | null {
  const { override } = controls;
  if (override?.number !== number || override.isUsed) return null;
  return { ...controls, override: { ...override, isUsed: true } };
}

/** The key of the table's only row. */
export const CONTROLS_KEY = 'fleet';

export function controlsOf(table: ReadonlyMap<string, Controls>): Controls {
  return table.get(CONTROLS_KEY) ?? NO_CONTROLS;
}
