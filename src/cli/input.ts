import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError, EXIT } from './cli-error.ts';

/** The user's input to a command, typed or piped. */
export interface Input {
  /** True when there is somebody to ask. */
  isTerminal: boolean;
  /** Reads everything up to the end of input. */
  readAll(): Promise<string>;
  /** Reads one line. A secret is not shown while it is typed. */
  ask(question: string, options?: { secret?: boolean }): Promise<string>;
}

export function createProcessInput(signal: AbortSignal): Input {
  return {
    isTerminal: process.stdin.isTTY === true,
    readAll: () => text(process.stdin),
    async ask(question, { secret = false } = {}) {
      // The question goes to stderr, because stdout is for data.
      process.stderr.write(question);
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
      const output = secret ? nowhere : process.stderr;
      const lines = createInterface({ input: process.stdin, output, terminal: true });
      // While a line is edited, Ctrl-C raises no signal and the end of input gives no answer.
      const over = new AbortController();
      lines.once('SIGINT', () => over.abort()).once('close', () => over.abort());
      try {
        return await lines.question('', { signal: AbortSignal.any([signal, over.signal]) });
      } catch {
        throw new CliError('interrupted', { exitCode: EXIT.interrupted });
      } finally {
        lines.close();
        if (secret) process.stderr.write('\n');
      }
    },
  };
}
