import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REASONS } from './reason.ts';
import { writeReasonsPage } from './reasons-page.ts';
import { REMEDIES, remedyOf } from './remedy.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/reasons.md', () => {
  it('is what the tables in the code say', async () => {
    await expect(writeReasonsPage()).toMatchFileSnapshot('../../../docs/reasons.md');
  });

  it('has one line for each reason of the closed list', () => {
    const lines = read('docs/reasons.md').matchAll(/^\| `(\w+)` \|/gm);
    expect([...lines].map(([, reason]) => reason).toSorted()).toEqual(Object.keys(REASONS).toSorted());
  });

  it('is found from the README and from the architecture', () => {
    expect(read('README.md')).toContain('(docs/reasons.md)');
    expect(read('docs/architecture.md')).toContain('(reasons.md)');
  });
});

it('only a reason that tells of a failure has a remedy', () => {
  expect(remedyOf('Alive')).toBeNull();
  expect(remedyOf('toString')).toBeNull();
  expect(remedyOf('HostKeyChanged')).toBe(REMEDIES.HostKeyChanged);
});
