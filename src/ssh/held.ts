import type { BootId } from '../core/model/boot.ts';
import type { NodeTarget } from '../core/ports/node-access.ts';
import { parseBootId } from './boot-id.ts';
import type { ControlKeys } from './control-key.ts';
import { type Connection, dial } from './dial.ts';
import { type Echo, startEcho } from './echo.ts';
import { type Step, StepError } from './failure.ts';
import { isSameKey, parseHostKey } from './host-key.ts';

/** A live connection, with a process on the node that echoes. */
export interface Held {
  connection: Connection;
  echo: Echo;
  hostKey: string;
  /** The machine's boot that the connection leads to; it does not outlast that boot. */
  bootId: BootId | null;
  /** What it was dialled with; once that changes, the connection proves nothing. */
  target: NodeTarget;
  sinceMs: number;
}

/** What every node is dialled with. */
export interface DialMeans {
  controlKeys: ControlKeys;
  /** Is the key that a node without a known one shows another node's? */
  isForeign: (node: string, hostKey: string) => boolean;
}

/** Connects and logs in with the control key. Rejects with a StepError, and then leaves nothing open. */
export async function dialAsControl(
  target: NodeTarget,
  { controlKeys, isForeign }: DialMeans,
  keepaliveMs: number,
  signal: AbortSignal,
): Promise<{ connection: Connection; hostKey: string }> {
  const { name, host, port, user, privateKeyPath, hostKey } = target;
  const key = await atStep('key', controlKeys(privateKeyPath));
  const auth = { type: 'publickey' as const, username: user, key };
  const options = { host, port, hostKey, username: user, auth, keepaliveMs };
  return dial({ ...options, isForeign: (shown) => isForeign(name, shown) }, signal);
}

/** Dials, starts the echoing process and waits for its first echo. */
export async function hold(
  target: NodeTarget,
  means: DialMeans,
  keepaliveMs: number,
  signal: AbortSignal,
): Promise<Held> {
  const { connection, hostKey } = await dialAsControl(target, means, keepaliveMs, signal);
  try {
    const echo = await atStep('command', startEcho(connection, signal));
    const bootId = parseBootId(await atStep('echo', echo(signal)));
    return { connection, echo, hostKey, bootId, target, sinceMs: performance.now() };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** Does the held connection match how the node would be dialled now? */
export function isHeldFor(held: Held, target: NodeTarget): boolean {
  const { host, port, user, privateKeyPath } = held.target;
  const isSameAddress = host === target.host && port === target.port && user === target.user;
  if (!isSameAddress || privateKeyPath !== target.privateKeyPath) return false;
  if (target.hostKey === null) return true;
  const [expected, shown] = [parseHostKey(target.hostKey), parseHostKey(held.hostKey)];
  return expected !== null && shown !== null && isSameKey(expected, shown);
}

/** Records the step at which a promise failed. */
export async function atStep<T>(step: Step, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw error instanceof StepError ? error : new StepError(step, error);
  }
}
