import { CommanderError } from 'commander';
import { ApiError, NoAnswerError } from '../client/protocol/errors.ts';
import { ADMIN_HINT, CliError, EXIT } from './cli-error.ts';
import type { Io } from './io.ts';

/** Prints the error and perhaps a hint to stderr; returns the exit code. A stack only with ORION_DEBUG. */
export function tellError(error: unknown, io: Io): number {
  if (error instanceof CommanderError) {
    // Commander has printed it already.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (io.signal.aborted) return EXIT.interrupted;
  const message = messageOf(error, io);
  if (message !== '') io.err(`error: ${message}\n`);
  const hint = hintOf(error);
  if (hint !== undefined) io.err(`hint: ${hint}\n`);
  if (isMistake(error) && io.env.ORION_DEBUG) io.err(`${error.stack}\n`);
  return error instanceof CliError ? error.exitCode : EXIT.failed;
}

/** Rewords for people what the API says to programs. */
function messageOf(error: unknown, { env }: Io): string {
  if (error instanceof ApiError && error.code === 'unauthorized') {
    return `the token${env.ORION_TOKEN ? ' in ORION_TOKEN' : ''} is invalid or no longer valid`;
  }
  return error instanceof Error ? error.message : String(error);
}

/** A bug, rather than an expected failure. */
function isMistake(error: unknown): error is Error {
  const kinds = [TypeError, RangeError, ReferenceError, SyntaxError];
  return kinds.some((kind) => error instanceof kind);
}

const NO_ANSWER_HINTS: Partial<Record<NoAnswerError['kind'], string>> = {
  certificate: 'name the file of the CA that signed it: ORION_CA, or orion login URL --ca FILE',
  unreachable: 'is Orion running, and does ORION_URL name it?',
};

function hintOf(error: unknown): string | undefined {
  if (error instanceof CliError) return error.hint;
  if (error instanceof NoAnswerError) return NO_ANSWER_HINTS[error.kind];
  if (error instanceof ApiError) {
    if (error.status === 401) return 'sign in with a token that is valid: orion login URL, or ORION_TOKEN';
    if (error.code === 'quota_exceeded') return 'see what you have, and release one: orion get rentals';
    if (error.status === 403) return ADMIN_HINT;
    if (error.code === '') return 'not an answer from Orion: does ORION_URL name it, with https?';
    const again = error.retryAfterS === null ? undefined : `try again in ${error.retryAfterS} s`;
    if (error.code !== 'no_free_node') return again;
    return `${again === undefined ? '' : `${again}, or `}wait for the next free one:  orion rent --queue`;
  }
  if (isMistake(error)) {
    return 'a bug in orion, or a server of another version (orion version); ORION_DEBUG=1 shows where';
  }
  // By name: only the few commands that need the store load it.
  const isStore = error instanceof Error && error.name === 'StoreError';
  return isStore ? 'does ORION_DATABASE_URL name a running database?' : undefined;
}
