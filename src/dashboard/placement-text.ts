import type { PlacementView } from '../core/view/rental-view.ts';
import { spanText } from './time-text.ts';
import type { Tone } from './tone.ts';
import { wordsOf } from './words.ts';

export interface PlacementLook {
  tone: Tone;
  word: string;
  /** How long it lasted, or has lasted so far. */
  text: string;
}

/** The stage of a placement. `nowMs`: for one that has not ended. `lostSince`: since when its rental is lost. */
export function placementLook(
  placement: PlacementView,
  nowMs: number,
  lostSince: string | null = null,
): PlacementLook {
  const { startedAt, readyAt, endedAt, endReason } = placement;
  if (endedAt !== null) {
    const lasted = readyAt === null ? 'was never ready' : `for ${between(readyAt, endedAt)}`;
    return { tone: 'taken', word: wordsOf(endReason ?? 'Ended'), text: lasted };
  }
  if (readyAt === null) {
    return { tone: 'working', word: 'Preparing', text: `for ${spanText(nowMs - Date.parse(startedAt))}` };
  }
  if (lostSince !== null) {
    const gone = spanText(nowMs - Date.parse(lostSince));
    return { tone: 'dead', word: 'Lost', text: `for ${gone}, after ${between(readyAt, lostSince)} in use` };
  }
  return { tone: 'rented', word: 'In use', text: `for ${spanText(nowMs - Date.parse(readyAt))}` };
}

/** How cleaning went after a placement; null before it has ended. */
export function cleaningLook({ endedAt, cleanedAt, cleaning }: PlacementView): PlacementLook | null {
  if (endedAt === null) return null;
  if (cleanedAt !== null) return { tone: 'free', word: 'Verified clean', text: between(endedAt, cleanedAt) };
  if (cleaning === null) return { tone: 'cleaning', word: 'Not cleaned yet', text: '' };
  const tries = cleaning.attempts === 1 ? '1 try' : `${cleaning.attempts} tries`;
  return {
    tone: 'quarantined',
    word: wordsOf(cleaning.reason),
    text: `after ${tries}: ${cleaning.message}`,
  };
}

export function between(from: string, to: string): string {
  return spanText(Date.parse(to) - Date.parse(from));
}
