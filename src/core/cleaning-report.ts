import { escapeText } from './escape-text.ts';
import type { Reason } from './reason.ts';
import { failureOf, type Run } from './work.ts';

/** What the tries to clean a node of an ended placement said; kept with the placement. */
export interface CleaningReport {
  /** Tries that came to an end. */
  attempts: number;
  /** What the last one said. */
  outcome: 'clean' | 'failed';
  reason: Reason;
  message: string;
  /** When it ended, RFC 3339. */
  at: string;
  /** What the verification found the last time that it found anything; null: it never did. */
  found: { at: string; items: string[]; more: number } | null;
}

const SHOWN_ITEMS = 10;
const MAX_ITEM = 200;
const MAX_MESSAGE = 500;

/** The report after one more try; null when it says nothing of the cleaning. */
export function reportCleaning(
  run: Run | null,
  earlier: CleaningReport | null,
  now: Date,
): CleaningReport | null {
  const outcome = run?.outcome;
  if (run?.work.kind !== 'clean' || !outcome || outcome.kind === 'aborted') return null;
  const failure = failureOf(outcome);
  const at = now.toISOString();
  const findings = outcome.kind === 'done' ? outcome.findings : [];
  const items = findings.slice(0, SHOWN_ITEMS).map((item) => escapeText(item, MAX_ITEM));
  const more = findings.length - items.length;
  return {
    attempts: (earlier?.attempts ?? 0) + 1,
    outcome: failure ? 'failed' : 'clean',
    reason: failure?.reason ?? 'Clean',
    message: failure ? escapeText(failure.message, MAX_MESSAGE) : 'verified clean',
    at,
    found: items.length > 0 ? { at, items, more } : (earlier?.found ?? null),
  };
}
