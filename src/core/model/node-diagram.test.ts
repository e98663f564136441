import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { drawNodeMachine } from './node-diagram.ts';

it('is the diagram that docs/node-machine.md shows', () => {
  const page = readFileSync(new URL('../../../docs/node-machine.md', import.meta.url), 'utf8');
  const shown = /```mermaid\n([\s\S]*?)\n?```/.exec(page)?.[1];
  expect(shown).toBe(drawNodeMachine());
});
