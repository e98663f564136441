import { describe, expect, test } from 'vitest';
import { readSse, type SseMessage } from './sse.ts';

const TEXT =
  ': still here\n\nevent: node\nid: 7\ndata: {"a":"ø"}\n\nevent: node\nid: 8\ndata: one\ndata: two\n\n: synced\n\n';
const MESSAGES: SseMessage[] = [
  { kind: 'comment', text: 'still here' },
  { kind: 'event', event: 'node', id: '7', data: '{"a":"ø"}' },
  { kind: 'event', event: 'node', id: '8', data: 'one\ntwo' },
  { kind: 'comment', text: 'synced' },
];

async function read(text: string, size = text.length): Promise<SseMessage[]> {
  const bytes = new TextEncoder().encode(text);
  async function* cut() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const messages: SseMessage[] = [];
  for await (const message of readSse(cut())) messages.push(message);
  return messages;
}

describe('a stream of events', () => {
  test('is read the same wherever it was cut', async () => {
    const lineEnds = ['\n', '\r\n'];
    for (const text of lineEnds.map((end) => TEXT.replaceAll('\n', end))) {
      for (let size = 1; size <= text.length; size++) {
        expect(await read(text, size), `in pieces of ${size}`).toEqual(MESSAGES);
      }
    }
  });

  test('may end its lines as Windows does, and leave out what has a default', async () => {
    expect(await read('data:x\r\n\r\nid: 3\r\n\r\ndata\r\n\r\n')).toEqual([
      { kind: 'event', event: 'message', id: null, data: 'x' },
      { kind: 'event', event: 'message', id: '3', data: '' },
    ]);
  });
});
