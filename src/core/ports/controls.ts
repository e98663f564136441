import type { NewEvent } from '../history/event.ts';
import type { ControlRequest, Controls } from '../model/controls.ts';

export interface ControlStore {
  /** The leader reads them in each pass. */
  loadControls(): Promise<Controls>;
  /** Writes the request with its event. False: already paused, or already running. */
  writeControl(request: ControlRequest, event: NewEvent): Promise<boolean>;
}
