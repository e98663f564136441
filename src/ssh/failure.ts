import { isOwnError, OWN_FAULT } from '../core/failure/own-fault.ts';
import type { FailureReason } from '../core/failure/remedy.ts';

/** Where on the way to a node something failed; the same error means different things at different steps. */
export type Step =
  | 'key'
  | 'resolve'
  | 'dial'
  | 'banner'
  | 'handshake'
  | 'login'
  | 'command'
  | 'echo'
  | 'listener';

export type Evidence = 'strong' | 'weak';

export interface Name {
  reason: FailureReason;
  evidence: Evidence;
}

/** The one deadline around everything has passed. */
export class TimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${Math.round(timeoutMs)} ms`);
  }
}
/** The caller no longer wants the result. */
export class Aborted extends Error {}
/** The other side closed the connection cleanly, without an error. */
export class Closed extends Error {}
/** What came back is not an answer at all. */
export class Nonsense extends Error {}
/** The private key of the control plane can't be used. */
export class KeyUnreadable extends Error {
  /** It exists, but the control plane can't read it: its own fault, whichever node the key is for. */
  readonly isForbidden: boolean;
  constructor(message: string, isForbidden = false) {
    super(message);
    this.isForbidden = isForbidden;
  }
}
/** The node showed a host key other than the expected one. */
export class HostKeyRefused extends Error {
  /** `TYPE BASE64`. */
  readonly offered: string;
  constructor(offered: string, message: string) {
    super(message);
    this.offered = offered;
  }
}

/** An error together with the step at which it occurred. */
export class StepError extends Error {
  readonly step: Step;
  override readonly cause: unknown;
  constructor(step: Step, cause: unknown) {
    super(`${step}: ${toText(cause)}`);
    this.step = step;
    this.cause = cause;
  }
}

const REASON_OF_TIMEOUT: Record<Step, FailureReason> = {
  key: 'ControlKeyUnreadable',
  resolve: 'DnsFailed',
  dial: 'DialTimeout',
  banner: 'BannerTimeout',
  handshake: 'AuthTimeout',
  login: 'AuthTimeout',
  command: 'CommandTimeout',
  echo: 'EchoTimeout',
  listener: 'ListenerDead',
};

// Only an answer from the node's own kernel or sshd is strong; one from a router or this machine is weak.
const NAME_OF_CODE: Record<string, Name> = {
  ECONNREFUSED: { reason: 'ConnectionRefused', evidence: 'strong' },
  ECONNRESET: { reason: 'ConnectionReset', evidence: 'strong' },
  EPIPE: { reason: 'ConnectionReset', evidence: 'strong' },
  ECONNABORTED: { reason: 'ConnectionReset', evidence: 'weak' },
  EHOSTUNREACH: { reason: 'NoRoute', evidence: 'weak' },
  ENETUNREACH: { reason: 'NoRoute', evidence: 'weak' },
  EHOSTDOWN: { reason: 'NoRoute', evidence: 'weak' },
  ENETDOWN: { reason: 'NoRoute', evidence: 'weak' },
  ENOTFOUND: { reason: 'DnsFailed', evidence: 'weak' },
  EAI_AGAIN: { reason: 'DnsFailed', evidence: 'weak' },
  EAI_FAIL: { reason: 'DnsFailed', evidence: 'weak' },
  EAI_NODATA: { reason: 'DnsFailed', evidence: 'weak' },
  EAI_NONAME: { reason: 'DnsFailed', evidence: 'weak' },
};

/** Names the failure, by step and error. */
export function classifyFailure(step: Step, error: unknown): Name {
  if (isOwnError(error) || (error instanceof KeyUnreadable && error.isForbidden))
    return { reason: OWN_FAULT, evidence: 'weak' };
  if (error instanceof HostKeyRefused) return { reason: 'HostKeyChanged', evidence: 'strong' };
  if (error instanceof KeyUnreadable) return { reason: 'ControlKeyUnreadable', evidence: 'weak' };
  if (error instanceof Aborted) return { reason: 'ProbeFailed', evidence: 'weak' };
  if (error instanceof TimedOut) return { reason: REASON_OF_TIMEOUT[step], evidence: 'weak' };
  if (error instanceof Nonsense) return { reason: 'NonsenseAnswer', evidence: 'strong' };
  // A loaded sshd closes connections at random before login (MaxStartups), so this proves little.
  if (error instanceof Closed) return { reason: 'ConnectionClosed', evidence: 'weak' };

  const { code } = readFields(error);
  if (code === 'ETIMEDOUT') return { reason: REASON_OF_TIMEOUT[step], evidence: 'weak' };
  const known = typeof code === 'string' ? NAME_OF_CODE[code] : undefined;
  return known ?? classifyProtocolError(step, error);
}

/** Errors of ssh2 have a level, and an RFC 4253 number when the node itself disconnected. */
function classifyProtocolError(step: Step, error: unknown): Name {
  const { code, level } = readFields(error);
  const text = toText(error);
  if (level === 'client-authentication') return { reason: 'AuthRefused', evidence: 'strong' };
  if (typeof code === 'number') {
    return step === 'login' && /authentication/i.test(text)
      ? { reason: 'AuthRefused', evidence: 'strong' }
      : { reason: 'ConnectionClosed', evidence: 'weak' };
  }
  if (level === 'client-timeout' || text.includes('Connection lost before handshake')) {
    return { reason: 'ConnectionClosed', evidence: 'weak' };
  }
  // Both sides speak SSH but share no algorithm: not nonsense, but nothing with a name of its own.
  if (/no matching/i.test(text)) return { reason: 'ProbeFailed', evidence: 'strong' };
  if (step === 'banner' || step === 'handshake' || level === 'handshake' || level === 'protocol') {
    return { reason: 'NonsenseAnswer', evidence: 'strong' };
  }
  return { reason: 'ProbeFailed', evidence: 'weak' };
}

export function toText(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(toText).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function readFields(error: unknown): { code?: unknown; level?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}
