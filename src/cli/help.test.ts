import type { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { runOrion } from './fake-api.ts';
import { createProgram } from './program.ts';

let commands: { name: string; command: Command }[] = [];
let run: (argv: string[]) => Promise<{ code: number; out: string; err: string }>;

beforeAll(async () => {
  const unused = () => {
    throw new Error('no command is run here');
  };
  let program: Command | null = null;
  run = async (argv) => runOrion(argv, { COLUMNS: '80' });
  const io = {
    ...{ env: {}, out: () => undefined, err: () => undefined, terminal: () => null, self: ['orion'] },
    ...{ now: () => new Date(0), signal: new AbortController().signal, runProgram: unused },
    input: { isTerminal: false, readAll: unused, ask: unused },
  };
  program = await createProgram({ io, client: unused, exitWith: unused }, true);
  commands = listLeaves(program, '');
});

/** Every command that does something, by the words that call it. */
function listLeaves(command: Command, path: string): { name: string; command: Command }[] {
  return command.commands.flatMap((child) => {
    const name = `${path} ${child.name()}`.trim();
    return child.commands.length > 0 ? listLeaves(child, name) : [{ name, command: child }];
  });
}

/** As a shell would, but for quotes, which no example needs. */
function wordsOf(line: string): string[] {
  const commands = line.split('|').map((part) => part.split('>')[0]?.trim() ?? '');
  return commands.findLast((part) => /^(xargs )?orion /.test(part))?.split(/ +/) ?? [];
}

describe('the help', () => {
  test('knows what each command does, how it is used, and what its exit code says', async () => {
    expect(commands.length).toBeGreaterThan(25);
    for (const { name } of commands) {
      const { code, out } = await run([...name.split(' '), '--help']);
      expect(code, name).toBe(0);
      expect(out, name).toMatch(/^Usage: orion /);
      expect(out, `${name}: description`).toMatch(/^[a-z].{10,}$/m);
      expect(out, `${name}: examples`).toMatch(/^Examples:\n {2}\S.*\n {6}\S/m);
      expect(out, `${name}: exit codes`).toMatch(
        /^Exit codes:\n {2}0 {2}done\n {2}1 {2}\S.*\n {2}2 {2}wrong usage/m,
      );
    }
  });

  test('fits on 80 columns', async () => {
    for (const { name } of commands) {
      const { out } = await run([...name.split(' '), '--help']);
      // Examples are command lines, and stay whole.
      const text = out.replaceAll(/^ {2}(\w.* )?orion .*\n/gm, '');
      expect(
        text.split('\n').filter((line) => line.length > 80 && !/ \S{30,}/.test(line)),
        name,
      ).toEqual([]);
    }
  });

  test('describes each argument and option', () => {
    for (const { name, command } of commands) {
      for (const { description, flags } of command.options)
        expect(description, `${name} ${flags}`).toBeTruthy();
      for (const argument of command.registeredArguments) {
        expect(argument.description, `${name} ${argument.name()}`).toBeTruthy();
      }
    }
  });

  test('has only examples that the command line understands', async () => {
    let tried = 0;
    for (const { name, command } of commands) {
      command.action(() => {
        tried += 1;
      });
      const { out } = await run([...name.split(' '), '--help']);
      const chapter = /^Examples:\n([\s\S]*?)\n\n/m.exec(out)?.[1] ?? '';
      const lines = [...chapter.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => line);
      for (const line of lines) {
        const before = tried;
        const words = wordsOf(line).filter((word) => word !== 'xargs');
        expect(words[0], line).toBe('orion');
        const root = rootOf(command);
        // What xargs adds is not in the line.
        const given = line.includes('xargs') ? [...words, 'mine'] : words;
        await root.parseAsync(given.slice(1), { from: 'user' });
        expect(tried, `${line}: calls ${name}`).toBe(before + 1);
      }
    }
  });
});

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

test('a command that is misspelt is answered with the one that was meant', async () => {
  const ran = await run(['rnet']);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain("error: unknown command 'rnet'\n(Did you mean rent?)");
  expect((await run(['get', 'rentls'])).err).toContain('(Did you mean rentals?)');
});
