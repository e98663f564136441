import type { CleaningReport, Placement } from '../model/rental.ts';
import { failureOf, type Run, type WorkOutcome } from '../model/work.ts';
import { escapeText } from '../text/escape-text.ts';

const SHOWN_ITEMS = 10;
const MAX_ITEM = 200;
const MAX_MESSAGE = 500;

/** The report on each placement that a cleaning attempt covered; none if it was aborted or postponed. */
export function reportsOf(
  run: Run | null,
  residue: Placement[],
  now: Date,
): { epoch: number; report: CleaningReport }[] {
  const outcome = run?.outcome;
  if (run?.work.kind !== 'clean' || !outcome || outcome.kind === 'aborted' || outcome.kind === 'postponed')
    return [];
  const tried = new Set(run.work.residue.map(({ epoch }) => epoch));
  return residue
    .filter(({ epoch }) => tried.has(epoch))
    .map(({ epoch, report }) => ({ epoch, report: reportCleaning(outcome, report ?? null, now) }));
}

/** The report after one more attempt. */
function reportCleaning(outcome: WorkOutcome, earlier: CleaningReport | null, now: Date): CleaningReport {
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
