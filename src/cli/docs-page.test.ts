import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createBareProgram, listLeaves, wordsOf } from './examples.fixture.ts';

const PAGE = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

/** The page's shell lines, without comments. */
function linesOfShells(): string[] {
  return [...PAGE.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = '']) => block.split('\n'))
    .map((line) => line.replace(/ *#.*/, ''))
    .filter((line) => line !== '');
}

test('every line of docs/cli.md is one that the command line understands', async () => {
  const program = await createBareProgram();
  let called = 0;
  const count = () => {
    called += 1;
  };
  for (const { command } of listLeaves(program, '')) command.action(count);
  const lines = linesOfShells();
  expect(lines.length).toBeGreaterThan(15);
  for (const line of lines) {
    const inner = /<\((.*)\)/.exec(line)?.[1] ?? line;
    await program.parseAsync(wordsOf(inner).slice(1), { from: 'user' });
  }
  expect(called).toBe(lines.length);
});

test('every command has its line in the table of docs/cli.md, in the words of its help', async () => {
  const commands = listLeaves(await createBareProgram(), '');
  const lines = commands.map(({ name, command }) => `| \`orion ${name}\` | ${command.description()} |`);
  expect(PAGE.split('\n').filter((line) => line.startsWith('| `orion '))).toEqual(lines);
});
