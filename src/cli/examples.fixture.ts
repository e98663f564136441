import type { Command } from 'commander';
import { runOrion } from './fake-api.fixture.ts';
import { createProgram } from './program.ts';

/** For tests: all commands, as in the help. None of them can be run. */
export function createBareProgram(): Promise<Command> {
  const unused = () => {
    throw new Error('no command is run here');
  };
  const io = {
    env: {},
    out: () => undefined,
    err: () => undefined,
    terminal: () => null,
    self: ['orion'],
    now: () => new Date(0),
    signal: new AbortController().signal,
    runProgram: unused,
    input: { isTerminal: false, readAll: unused, ask: unused },
  };
  return createProgram({ io, client: unused, exitWith: unused }, true);
}

/** Every command that does something, under its full name. */
export function listLeaves(command: Command, path: string): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`.trim();
    return child.commands.length > 0 ? listLeaves(child, name) : [{ name, command: child }];
  });
}

/** The example lines in a command's help. */
export async function listExamples(name: string): Promise<string[]> {
  const { out } = await runOrion([...name.split(' '), '--help'], { COLUMNS: '80' });
  const chapter = /^Examples:\n([\s\S]*?)\n\n/m.exec(out)?.[1] ?? '';
  return [...chapter.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => line);
}

/** The words of the `orion` command in such a line, split as a shell would, as far as the examples need it. */
export function wordsOf(line: string): string[] {
  const commands = line.split('|').map((part) => part.split('>')[0]?.trim() ?? '');
  const command = commands.findLast((part) => /^(xargs )?orion /.test(part)) ?? '';
  const words = [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
  // xargs adds an argument that is not in the line.
  return words[0] === 'xargs' ? [...words.slice(1), 'mine'] : words;
}
