import type { Command } from 'commander';
import { runOrion } from './fake-api.fixture.ts';
import { createProgram } from './program.ts';

/** For tests: all commands, as the help knows them; none can be run. */
export function createBareProgram(): Promise<Command> {
  const unused = () => {
    throw new Error('no command is run here');
  };
  const io = {
    ...{ env: {}, out: () => undefined, err: () => undefined, terminal: () => null, self: ['orion'] },
    ...{ now: () => new Date(0), signal: new AbortController().signal, runProgram: unused },
    input: { isTerminal: false, readAll: unused, ask: unused },
  };
  return createProgram({ io, client: unused, exitWith: unused }, true);
}

/** Every command that does something, by the words that call it. */
export function listLeaves(command: Command, path: string): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`.trim();
    return child.commands.length > 0 ? listLeaves(child, name) : [{ name, command: child }];
  });
}

/** The lines of the examples in the help of a command. */
export async function listExamples(name: string): Promise<string[]> {
  const { out } = await runOrion([...name.split(' '), '--help'], { COLUMNS: '80' });
  const chapter = /^Examples:\n([\s\S]*?)\n\n/m.exec(out)?.[1] ?? '';
  return [...chapter.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => line);
}

/** The words of `orion` in such a line, as a shell would part them, as far as the examples need it. */
export function wordsOf(line: string): string[] {
  const commands = line.split('|').map((part) => part.split('>')[0]?.trim() ?? '');
  const command = commands.findLast((part) => /^(xargs )?orion /.test(part)) ?? '';
  const words = [...command.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word);
  // What xargs adds is not in the line.
  return words[0] === 'xargs' ? [...words.slice(1), 'mine'] : words;
}
