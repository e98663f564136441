import { randomBytes } from 'node:crypto';
import type { ClientChannel } from 'ssh2';
import { escapeText } from '../core/text/escape-text.ts';
import { waitFor } from './deadline.ts';
import type { Connection } from './dial.ts';
import { Closed, Nonsense, TimedOut } from './failure.ts';

/** A login shell's profile may print something, but more than this is not an answer. */
export const MAX_OUTPUT = 64 * 1_024;
const SHOWN_OUTPUT = 120;

/** Starts a command. Both of its streams flow, because an unread one keeps the channel from ever closing. */
export async function startCommand(
  connection: Connection,
  command: string,
  signals: AbortSignal[],
): Promise<ClientChannel> {
  const channel = await waitFor<ClientChannel>([connection.ended, ...signals], (resolve, reject) => {
    connection.client.exec(command, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  channel.on('error', (error: Error) => connection.destroy(error));
  channel.stderr.on('error', (error: Error) => connection.destroy(error));
  channel.stderr.resume();
  return channel;
}

/**
 * Runs a command whose answer only a shell can give: the two halves of a nonce, joined. A device that merely
 * echoes its input returns them apart.
 */
export async function runNonceCommand(connection: Connection, signal: AbortSignal): Promise<void> {
  const [left, right] = [createNonce(), createNonce()];
  let output = '';
  try {
    const channel = await startCommand(connection, `printf %s%s ${left} ${right}`, [signal]);
    await waitFor<void>([connection.ended, signal], (resolve, reject) => {
      channel.on('data', (data: Buffer) => {
        output += data.toString('latin1');
        if (output.includes(left + right)) resolve();
        else if (output.length > MAX_OUTPUT) reject(new Nonsense('the command answers without end'));
      });
      channel.on('close', () => reject(describeOutput(output) ?? new Closed('the command gave no answer')));
    });
  } catch (error) {
    // Some output came, but not the answer: that says more than a timeout.
    throw error instanceof TimedOut ? (describeOutput(output) ?? error) : error;
  }
}

export function createNonce(): string {
  return randomBytes(12).toString('hex');
}

export function describeOutput(output: string): Nonsense | null {
  return output === '' ? null : new Nonsense(`answered "${escapeText(output, SHOWN_OUTPUT)}"`);
}
