import type { RentalView } from '../../core/view/rental-view.ts';
import { clock } from '../clock.ts';
import { html, type Markup } from '../html.ts';
import { useValue } from '../use-value.ts';
import { waitText } from '../wait-text.ts';

/** How long a queued rental may still have to wait. The tooltip gives the expected time. */
export function Wait({ rental }: { rental: RentalView }): Markup {
  const text = waitText(rental, useValue(clock));
  if (text === null) return null;
  const { queueEstimateAt } = rental.status;
  const exact =
    queueEstimateAt === null ? undefined : `Expected ${new Date(queueEstimateAt).toLocaleString()}`;
  return html`<span class="wait" title=${exact}>Wait: <strong>${text}</strong></span>`;
}
