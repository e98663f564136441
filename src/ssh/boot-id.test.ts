import { expect, it } from 'vitest';
import { parseBootId } from './boot-id.ts';

const KERNEL = '0a1b2c3d-0000-4000-8000-0123456789ab';
const FIRST = `1 (a) b (c) S 0 1 1 0 -1 4194560 ${'9 '.repeat(12)}77 12345 6`;

it('the kernel and its first process, behind whatever a profile prints', () => {
  expect(parseBootId(`Welcome!\n${KERNEL}\n${FIRST}\n`)).toBe(`${KERNEL}/77`);
  expect(parseBootId(`${KERNEL}\r\n`)).toBe(`${KERNEL}/-`);
  expect(parseBootId(`${FIRST}\n`)).toBe('-/77');
});

it.each([
  '',
  'cat: /proc/1/stat: No such file or directory\n',
  `x${KERNEL}\n`,
  `1 (x) S ${'9 '.repeat(5)}`,
  `1 (x) S ${'9 '.repeat(18)}${'9'.repeat(30)} `,
  '1 ('.repeat(20_000),
])('a machine that shows neither, or invents more than fits: %#', (output) => {
  expect(parseBootId(output)).toBeNull();
});
