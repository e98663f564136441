import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CliError, EXIT } from './cli-error.ts';

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The user's input to a command, typed or piped. */
export interface Input {
  /** True when there is somebody to ask. */
  isTerminal: boolean;
  /** Reads everything up to the end of input. */
  readAll(): Promise<string>;
  /** Reads one line. A secret is not shown while it is typed. */
  ask(question: string, options?: { secret?: boolean }): Promise<string>;
}

/** A command's view of its process. Tests provide their own. */
export interface Io {
  env: Record<string, string | undefined>;
  /** Data goes to `out`, progress and errors to `err`. */
  out(text: string): void;
  err(text: string): void;
  /** The current size of the terminal behind `out` or `err`; null when it is none. */
  terminal(stream: 'out' | 'err'): TerminalSize | null;
  input: Input;
  /** Aborted when the user stops the program (Ctrl-C), or by SIGTERM. */
  signal: AbortSignal;
  now(): Date;
  /** Runs a program on the same terminal. Resolves with its exit code, as a shell would report it. */
  runProgram(file: string, args: string[]): Promise<number>;
  /** The command that starts this program again, whatever name it was called by. */
  self: string[];
}

export function createProcessIo(signal: AbortSignal): Io {
  const script = process.argv[1];
  return {
    env: process.env,
    out: (data) => void process.stdout.write(data),
    err: (data) => void process.stderr.write(data),
    terminal: (stream) => sizeOf(stream === 'out' ? process.stdout : process.stderr),
    input: createProcessInput(signal),
    signal,
    now: () => new Date(),
    runProgram,
    self: [process.execPath, ...(script === undefined ? [] : [realpathSync(script)])],
  };
}

function createProcessInput(signal: AbortSignal): Input {
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

function sizeOf({ isTTY, columns, rows }: NodeJS.WriteStream): TerminalSize | null {
  // A terminal that does not report its size (as over a serial line) gets the usual one.
  return isTTY ? { columns: columns || 80, rows: rows || 24 } : null;
}

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function runProgram(file: string, args: string[]): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(file, args, { stdio: 'inherit' });
    // The terminal sends Ctrl-C to the child as well. The parent stays, to clean up after it.
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
