import { isIP, Socket } from 'node:net';
import { type AnyAuthMethod, Client } from 'ssh2';
import { waitFor } from './deadline.ts';
import { Aborted, Closed, HostKeyRefused, Nonsense, type Step, StepError } from './failure.ts';
import { computeFingerprint, formatHostKey, isSameKey, listAlgorithms, parseHostKey } from './host-key.ts';

/** A handshake takes under 10 kB. A node that sends more unasked is cut off. */
const ALLOWED_BYTES = 256 * 1_024;
/** RFC 4253 allows lines before the banner; real servers send none. */
const MAX_BANNER_BYTES = 16 * 1_024;
/** A held connection drops when this many keepalives in a row, and one more, go unanswered. */
const KEEPALIVE_COUNT = 2;

export interface DialOptions {
  host: string;
  port: number;
  /** Null: accept and report any key that is not another node's. */
  hostKey: string | null;
  /** Is this key, seen here for the first time, known to be another node's? */
  isForeign?: (hostKey: string) => boolean;
  username: string;
  /** The only login to try, once. */
  auth: AnyAuthMethod;
  keepaliveMs: number;
}

/** A connection that is authenticated or about to be. */
export interface Connection {
  readonly client: Client;
  /** Aborted when the connection is over for any reason; the signal's reason says why. */
  readonly ended: AbortSignal;
  /** Lets the node send as much again as one probe needs. */
  allowAnswer(): void;
  /** Closes the socket at once. The first error given is kept. */
  destroy(error?: Error): void;
}

interface Progress {
  step: Step;
  hostKey: Buffer | null;
}

/** Connects and logs in; rejects with a StepError. When it rejects, nothing is left open. */
export async function dial(
  options: DialOptions,
  signal: AbortSignal,
): Promise<{ connection: Connection; hostKey: string }> {
  const progress: Progress = { step: isIP(options.host) ? 'dial' : 'resolve', hostKey: null };
  if (signal.aborted) throw new StepError(progress.step, signal.reason);
  const connection = open(options, progress);
  try {
    await waitFor<void>([connection.ended, signal], (resolve) => connection.client.on('ready', resolve));
    if (progress.hostKey === null) throw new Nonsense('logged in without a host key');
    return { connection, hostKey: formatHostKey(progress.hostKey) };
  } catch (error) {
    connection.destroy();
    throw new StepError(progress.step, error);
  }
}

function open(options: DialOptions, progress: Progress): Connection {
  const client = new Client();
  const socket = new Socket();
  const over = new AbortController();
  // ssh2's end() and destroy() never close the socket of a frozen peer, and a hostile banner makes ssh2 emit
  // thousands of errors. So at the first sign of an end the socket, which is ours, is destroyed, once.
  const destroy = (error: Error = new Aborted('closed')) => {
    if (over.signal.aborted) return;
    over.abort(error);
    socket.destroy();
  };
  const onEnd = () => destroy(new Closed('the connection was closed by the other side'));
  client.on('error', destroy).on('end', onEnd).on('close', onEnd);
  client.on('handshake', () => {
    progress.step = 'login';
  });
  socket.on('error', destroy).on('lookup', (error) => {
    if (!error) progress.step = 'dial';
  });
  socket.on('connect', () => {
    progress.step = 'banner';
  });
  const guard = createGuard(socket, progress, destroy);
  try {
    client.connect({ ...createConfig(options, progress, destroy), sock: socket });
    // Only now: a data listener makes a socket flow until ssh2 has paused it.
    socket.on('data', guard.inspect);
    socket.setNoDelay(true);
    socket.connect({ host: options.host, port: options.port });
  } catch (error) {
    destroy(error instanceof Error ? error : new Error(String(error)));
  }
  return { client, ended: over.signal, allowAnswer: guard.allowAnswer, destroy };
}

function createConfig(options: DialOptions, progress: Progress, destroy: (error: Error) => void) {
  const expected = options.hostKey === null ? null : parseHostKey(options.hostKey);
  // Synchronous by type: ssh2 takes the promise of an asynchronous verifier for a yes.
  const hostVerifier = (key: Buffer): boolean => {
    progress.hostKey = key;
    const shown = formatHostKey(key);
    if (options.hostKey === null && !options.isForeign?.(shown)) return true;
    if (expected !== null && isSameKey(expected, key)) return true;
    const wanted = expected === null ? 'one that can not be read' : computeFingerprint(expected);
    const unlike = options.hostKey === null ? '' : `, expected was ${wanted}`;
    const message = `the host key is ${computeFingerprint(key)}${unlike}; no login was tried`;
    destroy(new HostKeyRefused(shown, message));
    return false;
  };
  let isTried = false;
  return {
    username: options.username,
    hostVerifier,
    algorithms: { serverHostKey: listAlgorithms(expected) },
    authHandler: (_left: unknown, _partial: unknown, next: (auth: AnyAuthMethod) => void) => {
      const isFirst = !isTried;
      isTried = true;
      // The types lack `false`, which tells ssh2 that nothing is left to try.
      next(isFirst ? options.auth : (false as unknown as AnyAuthMethod));
    },
    // The caller's deadline covers everything; this one would end with the login.
    readyTimeout: 0,
    keepaliveInterval: options.keepaliveMs,
    keepaliveCountMax: KEEPALIVE_COUNT,
  };
}

/** Watches the raw bytes: notices the banner, and cuts off a node that sends without end. */
function createGuard(socket: Socket, progress: Progress, destroy: (error: Error) => void) {
  let allowed = ALLOWED_BYTES;
  let banner = '';
  return {
    allowAnswer: () => {
      allowed = socket.bytesRead + ALLOWED_BYTES;
    },
    inspect: (data: Buffer) => {
      if (socket.bytesRead > allowed) destroy(new Nonsense('sends data without end'));
      if (progress.step !== 'banner') return;
      banner += data.toString('latin1', 0, MAX_BANNER_BYTES);
      if (isBanner(banner)) progress.step = 'handshake';
      else if (banner.length >= MAX_BANNER_BYTES) destroy(new Nonsense('sends no SSH banner, but data'));
    },
  };
}

/** True once the line with which an SSH server introduces itself has begun. */
export function isBanner(text: string): boolean {
  return /(^|\n)SSH-(2\.0|1\.99)-/.test(text);
}
