/** One message of a stream of server-sent events. */
export type SseMessage =
  | { kind: 'event'; event: string; id: string; data: string }
  /** A comment: a signal of the server beside the events, such as `synced`. */
  | { kind: 'comment'; text: string };

/**
 * Splits a stream into messages, wherever its chunks end. The browser's own EventSource ignores comments and reports
 * nothing about a refusal, not even that a sign-in is missing; hence this one.
 */
export function createSseParser(): (chunk: string) => SseMessage[] {
  let rest = '';
  let fields = { event: 'message', id: '', data: [] as string[] };

  return (chunk) => {
    const messages: SseMessage[] = [];
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        const { event, id, data } = fields;
        if (data.length > 0) messages.push({ kind: 'event', event, id, data: data.join('\n') });
        fields = { event: 'message', id, data: [] };
      } else if (line.startsWith(':')) {
        messages.push({ kind: 'comment', text: line.slice(1).trim() });
      } else takeField(line);
    }
    return messages;
  };

  function takeField(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') fields.data.push(value);
    else if (name === 'event') fields.event = value;
    else if (name === 'id') fields.id = value;
  }
}
