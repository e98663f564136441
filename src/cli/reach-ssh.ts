import { connect } from 'node:net';

/** Whether an SSH server answers there now: its greeting came within the time. */
export function reachesSsh(
  { host, port }: { host: string; port: number },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, signal });
    socket.setTimeout(timeoutMs);
    const end = (answered: boolean) => {
      clearTimeout(deadline);
      socket.destroy();
      done(answered);
    };
    // One that trickles would never be silent for long enough.
    const deadline = setTimeout(() => end(false), timeoutMs);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (/^SSH-/m.test(text)) end(true);
      else if (text.length > 8_192) end(false);
    });
    for (const event of ['error', 'close', 'timeout']) socket.on(event, () => end(false));
  });
}
