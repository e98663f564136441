import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signMessage } from './sign.ts';

const EXAMPLE = fileURLToPath(new URL('../../docs/examples/webhook-receiver.mjs', import.meta.url));
const secretOf = (word: string) => `whsec_${Buffer.from(word.padEnd(32)).toString('base64')}`;
const secret = secretOf('ours');
const body = JSON.stringify({
  type: 'rental.migrated',
  data: {
    name: 'mine',
    message: 'moved from w1 to w2',
    previousConnection: { command: 'ssh one' },
    status: { node: 'w2', connection: { command: 'ssh two' } },
  },
});

let receiver: ChildProcess;
let url: string;
const printed: string[] = [];

beforeAll(async () => {
  receiver = spawn(process.execPath, [EXAMPLE, '0'], {
    env: { ORION_WEBHOOK_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: receiver.stdout as NodeJS.ReadableStream });
  const [first] = (await once(lines, 'line')) as [string];
  url = first.replace('listening on ', '');
  lines.on('line', (line) => printed.push(line));
});
afterAll(() => receiver.kill());

async function call(id: string, secrets: string[], { at = new Date(), sent = body } = {}): Promise<number> {
  const headers = signMessage({ id, body }, secrets, at);
  return (await fetch(url, { method: 'POST', headers, body: sent })).status;
}

test('the receiver of the documents takes what is genuine, once', async () => {
  expect(await call('msg_1', [secret])).toBe(204);
  expect(await call('msg_1', [secretOf('next'), secret])).toBe(204);
  await expect.poll(() => printed).toHaveLength(2);
  expect(printed).toEqual([
    'rental.migrated: mine on w2 (moved from w1 to w2)',
    '  was ssh one, is now ssh two',
  ]);
});

test('and what the scheme’s own library signed', async () => {
  const at = new Date();
  const headers = {
    'webhook-id': 'msg_2',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('msg_2', at, body),
  };
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(204);
});

test('and nothing else', async () => {
  expect(await call('msg_3', [secretOf('other')])).toBe(401);
  expect(await call('msg_3', [secret], { sent: body.replace('mine', 'his') })).toBe(401);
  expect(await call('msg_3', [secret], { at: new Date(Date.now() - 600_000) })).toBe(401);
  expect(await call('msg_3', [secret], { at: new Date(Number.NaN) })).toBe(401);
  expect((await fetch(url, { method: 'POST', body })).status).toBe(401);
});
