import type { NewEvent } from '../history/event.ts';
import type { ControlRequest, Controls } from '../model/controls.ts';

/** The leader's side. */
export interface ControlReader {
  /** Read in each pass. */
  loadControls(): Promise<Controls>;
}

/** The API's side. */
export interface ControlStore extends ControlReader {
  /** Writes it with its event. False: it is paused, or goes on, already. */
  writeControl(request: ControlRequest, event: NewEvent): Promise<boolean>;
}
