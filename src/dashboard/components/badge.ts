import type { RentalPhase } from '../../core/model/rental.ts';
import { html, type Markup } from '../html.ts';
import { rentalLookOf } from '../rental-look.ts';
import type { Tone } from '../tone.ts';
import { Icon } from './icon.ts';

/** A word with its icon and colour. */
export function Badge({ tone, icon = tone, word }: { tone: Tone; icon?: string; word: string }): Markup {
  return html`<span class="badge tone-${tone}"><${Icon} name=${icon} size=${14} />${word}</span>`;
}

export function PhaseBadge({ phase }: { phase: RentalPhase }): Markup {
  const { tone, icon } = rentalLookOf(phase);
  return html`<${Badge} tone=${tone} icon=${icon} word=${phase} />`;
}
