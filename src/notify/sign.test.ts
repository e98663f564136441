import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { signMessage } from './sign.ts';

const secret = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`;
const body = JSON.stringify({ type: 'rental.active', text: 'ä€😀' });
const sign = (secrets: string[], at = new Date()) => signMessage({ id: 'msg_1', body }, secrets, at);

test('the library of Standard Webhooks takes the signature', () => {
  expect(new Webhook(secret(1)).verify(body, sign([secret(1)]))).toEqual(JSON.parse(body));
});

test('it takes either of two during a rotation', () => {
  const headers = sign([secret(2), secret(1)]);
  for (const fill of [1, 2]) expect(new Webhook(secret(fill)).verify(body, headers)).toBeTruthy();
  expect(() => new Webhook(secret(3)).verify(body, headers)).toThrow('No matching signature');
});

test('it refuses another body, another id, and a try of long ago', () => {
  const receiver = new Webhook(secret(1));
  const headers = sign([secret(1)]);
  expect(() => receiver.verify(`${body} `, headers)).toThrow('No matching signature');
  expect(() => receiver.verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow('No matching signature');
  const old = sign([secret(1)], new Date(Date.now() - 600_000));
  expect(() => receiver.verify(body, old)).toThrow('too old');
});
