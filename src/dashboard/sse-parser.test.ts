import { describe, expect, test } from 'vitest';
import { createSseParser, type SseMessage } from './sse-parser.ts';

const TEXT =
  ': still here\n\nevent: node\nid: 7\ndata: {"a":1}\n\nevent: node\nid: 8\ndata: one\ndata: two\n\n: synced\n\n';
const MESSAGES: SseMessage[] = [
  { kind: 'comment', text: 'still here' },
  { kind: 'event', event: 'node', id: '7', data: '{"a":1}' },
  { kind: 'event', event: 'node', id: '8', data: 'one\ntwo' },
  { kind: 'comment', text: 'synced' },
];

describe('a stream of events', () => {
  test('is read the same wherever it was cut', () => {
    for (let size = 1; size <= TEXT.length; size++) {
      const parse = createSseParser();
      const chunks = Array.from({ length: Math.ceil(TEXT.length / size) }, (_, i) =>
        TEXT.slice(i * size, (i + 1) * size),
      );
      expect(chunks.flatMap(parse), `in pieces of ${size}`).toEqual(MESSAGES);
    }
  });

  test('may end its lines as Windows does, and leave out what has a default', () => {
    expect(createSseParser()('data:x\r\n\r\nid: 3\r\n\r\ndata\r\n\r\n')).toEqual([
      { kind: 'event', event: 'message', id: '', data: 'x' },
      { kind: 'event', event: 'message', id: '3', data: '' },
    ]);
  });
});
