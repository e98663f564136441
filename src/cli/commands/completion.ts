import { Argument, type Command } from 'commander';
import { complete } from '../complete.ts';
import { FILES_MARK, type Shell, writeCompletion } from '../completion-scripts.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { listNames } from '../look-up.ts';

export function registerCompletion(program: Command, context: Context): void {
  const { io } = context;
  const command = program
    .command('completion')
    .description('let your shell complete commands, options, and the names of rentals and nodes')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action((shell: Shell) => io.out(writeCompletion(shell, io.self)));
  withHelp(command, {
    about: 'Prints a script for the shell. Names come from the API that is configured where you type.',
    examples: [
      [
        'orion completion bash > ~/.local/share/bash-completion/completions/orion',
        'permanently; likewise for zsh and fish',
      ],
      ['orion completion fish | source', 'for this shell'],
    ],
  });
}

/** The user is waiting: names that take longer are not worth it. */
const NAMES_WITHIN_MS = 1_500;

/** Answers the completion scripts, behind ASK. Not a commander command: commander would parse the words itself. */
export async function answerShell(
  program: Command,
  context: Context,
  words: readonly string[],
): Promise<void> {
  const { names, files, words: known } = complete(program, words);
  const lines = known.map(({ word, about }) => `${word}\t${about}`);
  if (names !== null) {
    // Without an API there are no names, and an error must not appear in the middle of a line.
    const found = await Promise.resolve()
      .then(() => listNames(context, names, NAMES_WITHIN_MS))
      .catch(() => []);
    lines.push(...found.map((name) => `${name}\t`));
  }
  if (files) lines.push(FILES_MARK);
  context.io.out(lines.map((line) => `${line}\n`).join(''));
}
