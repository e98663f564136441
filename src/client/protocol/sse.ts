export type SseMessage =
  | { kind: 'event'; event: string; id: string | null; data: string }
  /** Keeps the connection open, or reports something besides the events, such as `synced`. */
  | { kind: 'comment'; text: string };

/**
 * Reads a `text/event-stream`, wherever its chunks end. A browser's own EventSource is no substitute: it ignores
 * comments and reports nothing about a refusal, not even that a sign-in is missing.
 */
export async function* readSse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SseMessage> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let id: string | null = null;
  let data: string[] = [];
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { kind: 'event', event: event || 'message', id, data: data.join('\n') };
        event = '';
        data = [];
        continue;
      }
      const colon = line.indexOf(':');
      const field = colon === -1 ? line : line.slice(0, colon);
      const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
      if (field === '') yield { kind: 'comment', text: value.trim() };
      else if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
      else if (field === 'id') id = value;
    }
  }
}
