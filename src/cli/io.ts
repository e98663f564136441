import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { createProcessInput, type Input } from './input.ts';

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** What a command sees of the process that it runs in; tests give their own. */
export interface Io {
  env: Record<string, string | undefined>;
  /** Data goes to `out`, progress and errors to `err`. */
  out(text: string): void;
  err(text: string): void;
  /** How large the terminal is that `out` or `err` goes to, now; null when it is none. */
  terminal(stream: 'out' | 'err'): TerminalSize | null;
  input: Input;
  /** Aborted when the user wants to stop (Ctrl-C) or nobody reads the output any more. */
  signal: AbortSignal;
  now(): Date;
  /** Runs a program on the same terminal; resolves with its exit code, as a shell has it. */
  runProgram(file: string, args: string[]): Promise<number>;
  /** The words that start this very program again, whatever it was called by. */
  self: string[];
}

export function createProcessIo(signal: AbortSignal): Io {
  const script = process.argv[1];
  return {
    env: process.env,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    terminal: (stream) => sizeOf(stream === 'out' ? process.stdout : process.stderr),
    input: createProcessInput(signal),
    signal,
    now: () => new Date(),
    runProgram,
    self: [process.execPath, ...(script === undefined ? [] : [realpathSync(script)])],
  };
}

function sizeOf({ isTTY, columns, rows }: NodeJS.WriteStream): TerminalSize | null {
  // A terminal that does not say (as over a serial line) is taken for a usual one.
  return isTTY ? { columns: columns || 80, rows: rows || 24 } : null;
}

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function runProgram(file: string, args: string[]): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { stdio: 'inherit' });
    // Ctrl-C reaches the child by itself, from the terminal; the parent stays to tidy up after it.
    const listeners = PASSED_ON.map((name) => {
      const listener = () => void (name !== 'SIGINT' && child.kill(name));
      process.on(name, listener);
      return () => process.off(name, listener);
    });
    const finish = () => {
      for (const stop of listeners) stop();
    };
    child.once('error', (error) => {
      finish();
      fail(error);
    });
    child.once('exit', (code, signalName) => {
      finish();
      done(code ?? 128 + (signalName === null ? 0 : constants.signals[signalName]));
    });
  });
}
