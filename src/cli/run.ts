import type { Command } from 'commander';
import { type Client, createClient } from '../client/client.ts';
import { putKindFirst } from './arguments.ts';
import { EXIT } from './cli-error.ts';
import { answerShell } from './commands/completion.ts';
import { findCommand } from './complete.ts';
import { ASK } from './completion-scripts.ts';
import type { Context } from './context.ts';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';
import { loadSettings } from './settings.ts';
import { tellError } from './tell-error.ts';

/** Runs one command line (without the program's own name) and resolves with the exit code. Never rejects. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let client: Client | null = null;
  let exitCode: number = EXIT.ok;
  const context: Context = {
    io,
    client() {
      client ??= createClient(loadSettings(io.env), io.signal);
      return client;
    },
    exitWith(code) {
      exitCode = code;
    },
  };
  try {
    const program = await createProgram(context, needsLab(argv));
    if (argv[0] === ASK) await answerShell(program, context, argv.slice(1));
    else
      await program.parseAsync(isCommand(program, argv[0]) ? putKindFirst(argv) : argv.slice(0, 1), {
        from: 'user',
      });
    return exitCode;
  } catch (error) {
    return tellError(error, io);
  } finally {
    (client as Client | null)?.close();
  }
}

/** False for an unknown command. Its arguments are then dropped: with --help they would succeed. */
function isCommand(program: Command, word = '-'): boolean {
  return word.startsWith('-') || word === 'help' || findCommand(program, word) !== undefined;
}

/** True for the lab's commands, and for anything that lists all commands. */
function needsLab(argv: readonly string[]): boolean {
  const word = argv.find((argument) => !argument.startsWith('-'));
  return word === undefined || word === 'lab' || word === 'help' || word === ASK;
}
