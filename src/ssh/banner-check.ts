import { Socket } from 'node:net';
import { escapeText } from '../core/text/escape-text.ts';
import { waitFor } from './deadline.ts';
import { isBanner } from './dial.ts';
import { Closed, Nonsense } from './failure.ts';

const MAX_BYTES = 16 * 1_024;

/** Proves that a new client could connect: reads the SSH banner on a new TCP connection and hangs up. */
export async function checkBanner(host: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = new Socket();
  // Stays after the promise has settled: a late error still needs a listener.
  socket.on('error', () => socket.destroy());
  try {
    await waitFor<void>([signal], (resolve, reject) => {
      let text = '';
      socket.on('error', reject);
      socket.on('close', () => reject(new Closed('the connection was closed before a banner came')));
      socket.on('end', () => reject(new Closed('the connection was closed before a banner came')));
      socket.on('data', (data) => {
        text += data.toString('latin1', 0, MAX_BYTES);
        if (isBanner(text)) resolve();
        else if (text.length > MAX_BYTES) {
          reject(new Nonsense(`answered "${escapeText(text, 80)}" instead of an SSH banner`));
        }
      });
      socket.connect({ host, port });
    });
  } finally {
    socket.destroy();
  }
}
