import type { NewEvent } from '../history/event.ts';
import type { ControlRequest, Controls } from '../model/controls.ts';

/** The leader's side. */
export interface ControlReader {
  /** Read in each pass. */
  loadControls(): Promise<Controls>;
}

/** The API's side. */
export interface ControlStore extends ControlReader {
  /** Writes the request with its event. False: already paused, or already running. */
  writeControl(request: ControlRequest, event: NewEvent): Promise<boolean>;
}
