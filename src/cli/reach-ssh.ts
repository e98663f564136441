import { connect } from 'node:net';

/** True when an SSH server's greeting arrives in time. */
export function reachesSsh(
  { host, port }: { host: string; port: number },
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((done) => {
    // Not the socket's own `signal`: node:net never removes its listener, and they would pile up over many attempts.
    const socket = connect({ host, port });
    const stop = () => end(false);
    socket.setTimeout(timeoutMs);
    const end = (answered: boolean) => {
      clearTimeout(deadline);
      signal.removeEventListener('abort', stop);
      socket.destroy();
      done(answered);
    };
    // A server that trickles bytes would never be silent for long enough.
    const deadline = setTimeout(() => end(false), timeoutMs);
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      if (/^SSH-/m.test(text)) end(true);
      else if (text.length > 8_192) end(false);
    });
    for (const event of ['error', 'close', 'timeout']) socket.on(event, stop);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}
