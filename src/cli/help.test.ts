import type { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { createBareProgram, listExamples, listLeaves, wordsOf } from './examples.fixture.ts';
import { runOrion } from './fake-api.fixture.ts';

let commands: { name: string; command: Command }[] = [];
let run: (argv: string[]) => Promise<{ code: number; out: string; err: string }>;

beforeAll(async () => {
  run = async (argv) => runOrion(argv, { COLUMNS: '80' });
  commands = listLeaves(await createBareProgram(), '');
});

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
      for (const line of await listExamples(name)) {
        const before = tried;
        const words = wordsOf(line);
        expect(words[0], line).toBe('orion');
        await rootOf(command).parseAsync(words.slice(1), { from: 'user' });
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
  expect(await run(['rnet', '--help'])).toMatchObject({ code: 2, out: '' });
  expect((await run(['get', 'rentls'])).err).toContain('(Did you mean rentals?)');
});

test.each([
  [['ssh', 'mine', 'ls', '-la'], 'orion ssh mine -- ls -l'],
  [['describe', 'mine'], 'orion describe rental NAME'],
])('%j is answered with what was meant', async (argv, hint) => {
  const ran = await run(argv);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain(hint);
});
