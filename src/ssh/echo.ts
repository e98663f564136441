import { SHOW_BOOT } from './boot-id.ts';
import { createNonce, describeOutput, MAX_OUTPUT, startCommand } from './command.ts';
import { waitFor } from './deadline.ts';
import type { Connection } from './dial.ts';
import { Closed, Nonsense, TimedOut } from './failure.ts';

/** Sends a nonce to a process on the node and waits for it. The first time, returns what came before it. */
export type Echo = (signal: AbortSignal) => Promise<string>;

/**
 * Starts `cat` on the node, which first shows the machine's boot: another command would cost a channel of its
 * own. The channel stays open. Its end, or bytes that were not requested, end the whole connection: after that an
 * answer could not be told from a late one.
 */
export async function startEcho(connection: Connection, signal: AbortSignal): Promise<Echo> {
  const channel = await startCommand(connection, `${SHOW_BOOT}; exec cat`, [signal]);
  let unread = '';
  let onText: (() => void) | null = null;
  channel.on('data', (data: Buffer) => {
    unread += data.toString('latin1');
    if (unread.length > MAX_OUTPUT) connection.destroy(new Nonsense('the session sends data without end'));
    else onText?.();
  });
  channel.on('close', () => connection.destroy(new Closed('the process on the node ended')));

  // Before its first answer the login shell's profile may print something; afterwards nothing else may.
  let hasAnswered = false;
  return async (echoSignal) => {
    const nonce = createNonce();
    connection.allowAnswer();
    try {
      await waitFor<void>([connection.ended, echoSignal], (resolve, reject) => {
        onText = () => {
          const isAnswer = hasAnswered ? unread === `${nonce}\n` : unread.endsWith(`${nonce}\n`);
          const isWrong = hasAnswered && !`${nonce}\n`.startsWith(unread);
          if (isAnswer) resolve();
          else if (isWrong) reject(describeOutput(unread));
        };
        if (hasAnswered && unread !== '') reject(describeOutput(unread));
        else channel.write(`${nonce}\n`);
      });
      hasAnswered = true;
      const before = unread.slice(0, -nonce.length - 1);
      unread = '';
      return before;
    } catch (error) {
      throw error instanceof TimedOut ? (describeOutput(unread) ?? error) : error;
    } finally {
      onText = null;
    }
  };
}
