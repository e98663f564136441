import { type Step, toText } from './failure.ts';

const STEP_WORDS: Record<Step, string> = {
  key: 'reading the control key',
  resolve: 'resolving the host name',
  dial: 'connecting',
  banner: 'waiting for the SSH banner',
  handshake: 'SSH handshake',
  login: 'logging in',
  command: 'running the probe command',
  echo: 'echo through the held session',
  listener: 'the held session answers, but the listener does not',
};
const MAX_MESSAGE = 300;

/** For people: who, at which step, what came back; on one line, whatever the node sent. */
export function describeFailure(address: string, step: Step, error: unknown): string {
  return escapeText(`${address}: ${STEP_WORDS[step]}: ${toText(error)}`, MAX_MESSAGE);
}

/** Control characters, and what could reorder or hide text, become visible; the length is bounded. */
export function escapeText(text: string, maxLength: number): string {
  // Cut before and after: a hostile node's megabyte is not escaped first.
  const escaped = text.slice(0, maxLength + 1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
  return escaped.length > maxLength ? `${escaped.slice(0, maxLength - 1)}…` : escaped;
}
