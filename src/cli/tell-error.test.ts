import { expect, test } from 'vitest';
import { ApiError } from '../client/protocol/errors.ts';
import type { Io } from './io.ts';
import { tellError } from './tell-error.ts';

function told(status: number, code: string, env: Io['env'] = {}): string {
  let text = '';
  const err = (part: string) => {
    text += part;
  };
  const io = { env, err, signal: new AbortController().signal };
  const error = new ApiError(status, '', { code, detail: 'send a valid token as Authorization' }, undefined);
  expect(tellError(error, io as Partial<Io> as Io)).toBe(1);
  return text;
}

test('a tenant at the quota is advised to release a rental, not to ask an administrator', () => {
  expect(told(403, 'quota_exceeded')).toContain(
    'hint: see what you have, and release one: orion get rentals\n',
  );
  expect(told(403, 'forbidden')).toContain("administrator's token");
});

test('an invalid token is told for people, and which one it was', () => {
  expect(told(401, 'unauthorized')).toBe(
    'error: the token is invalid or no longer valid\nhint: sign in with a token that is valid: orion login URL, or ORION_TOKEN\n',
  );
  expect(told(401, 'unauthorized', { ORION_TOKEN: 'x' })).toContain('the token in ORION_TOKEN is invalid');
});

test('an answer that is none of Orion points to the address', () => {
  expect(told(400, '')).toContain('hint: not an answer from Orion: does ORION_URL name it, with https?\n');
});
