import { escapeText } from '../core/text/escape-text.ts';
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

/** For people: address, step and error on one line, whatever the node sent. */
export function describeFailure(address: string, step: Step, error: unknown): string {
  return escapeText(`${address}: ${STEP_WORDS[step]}: ${toText(error)}`, MAX_MESSAGE);
}
