import { parseDuration } from '../../../core/text/duration.ts';
import { clock } from '../../clock.ts';
import { html, type Markup } from '../../html.ts';
import { spanText } from '../../time-text.ts';
import { useValue } from '../../use-value.ts';
import { ClockTime } from '../time.ts';

const HOUR_MS = 3_600_000;

/** How much of a lease is left. `whole`: the full lease as the API writes it (`6h`). */
export function LeaseMeter({ expiresAt, whole }: { expiresAt: string; whole: string }): Markup {
  const now = useValue(clock);
  const leftMs = Math.max(0, Date.parse(expiresAt) - now);
  const share = Math.min(1, leftMs / (parseDuration(whole) || 1));
  const isSoon = leftMs < HOUR_MS && share < 0.25;
  return html`<div class=${isSoon ? 'lease tone-quarantined' : 'lease tone-rented'}>
    <p><strong>${leftMs === 0 ? 'over' : `${spanText(leftMs)} left`}</strong>
      <span class="muted"> of ${whole}, until <${ClockTime} at=${expiresAt} /></span></p>
    <svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect class="meter-ground" width="100" height="6" />
      <rect class="meter-left" width=${share * 100} height="6" />
    </svg>
  </div>`;
}
