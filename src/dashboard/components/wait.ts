import type { RentalView } from '../../core/view/rental-view.ts';
import { clock } from '../clock.ts';
import { html, type Markup } from '../html.ts';
import { useValue } from '../use-value.ts';
import { waitText } from '../wait-text.ts';

/** How long a rental in the queue may have to wait yet; exactly when one points at it. */
export function Wait({ rental }: { rental: RentalView }): Markup {
  const text = waitText(rental, useValue(clock));
  if (text === null) return null;
  const { queueEstimateAt } = rental.status;
  const exact =
    queueEstimateAt === null ? undefined : `Expected ${new Date(queueEstimateAt).toLocaleString()}`;
  return html`<span class="wait" title=${exact}>Wait: <strong>${text}</strong></span>`;
}
