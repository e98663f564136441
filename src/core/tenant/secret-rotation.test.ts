import { expect, it } from 'vitest';
import { FORMER_SECRET_MS, listSigningVersions } from './secret-rotation.ts';

const rotatedAt = new Date('2026-05-04T12:00:00.000Z');
const after = (ms: number) => new Date(rotatedAt.getTime() + ms);

it('signs with the one secret that there is', () => {
  expect(listSigningVersions({ version: 1, rotatedAt: null }, rotatedAt)).toEqual([1]);
});

it('signs with the former one, too, for a day after a rotation', () => {
  const secret = { version: 3, rotatedAt };
  expect(listSigningVersions(secret, after(0))).toEqual([3, 2]);
  expect(listSigningVersions(secret, after(FORMER_SECRET_MS - 1))).toEqual([3, 2]);
  expect(listSigningVersions(secret, after(FORMER_SECRET_MS))).toEqual([3]);
});
