import type { Io } from './io.ts';

/** What a word on the screen says besides its text. */
export type Tone = 'good' | 'busy' | 'bad' | 'faint' | 'strong';
export type Paint = (text: string, tone: Tone) => string;

const CODES: Record<Tone, string> = { good: '32', busy: '33', bad: '31', faint: '2', strong: '1' };

export const plain: Paint = (text) => text;

/** Colours are for people at a terminal, unless refused (NO_COLOR, TERM=dumb). The words are enough alone. */
export function createPaint({ env, terminal }: Io, stream: 'out' | 'err'): Paint {
  if (terminal(stream) === null || env.NO_COLOR || env.TERM === 'dumb') return plain;
  return (text, tone) => `\u001b[${CODES[tone]}m${text}\u001b[0m`;
}
