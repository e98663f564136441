import type { Client } from '../client/client.ts';
import type { Io } from './io.ts';

/** What every command is given. */
export interface Context {
  io: Io;
  /** Made at first use: not every command needs the API and its settings. */
  client(): Client;
  /** For a command that succeeds, but not with exit code 0. */
  exitWith(code: number): void;
}
