import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKOUT } from '../settings.ts';
import { readTranscript } from './transcript.ts';

test('the README tells of renting, logging in, a stopped machine, its move and the release', () => {
  const steps = readTranscript(readFileSync(join(CHECKOUT, 'README.md'), 'utf8'));
  const commands = steps.map(({ command }) => command).join('\n');
  for (const part of ['orion rent ', 'orion ssh ', 'orion lab stop ', ' -w', 'orion release ']) {
    expect(commands).toContain(part);
  }
});
