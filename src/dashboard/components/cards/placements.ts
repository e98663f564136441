import type { PlacementView, RentalView } from '../../../core/view/rental-view.ts';
import { clock } from '../../clock.ts';
import { html, type Markup } from '../../html.ts';
import { rentals } from '../../live.ts';
import { cleaningLook, placementLook } from '../../placement-text.ts';
import { lostSince } from '../../rental-look.ts';
import { nodePath } from '../../route.ts';
import { useValue } from '../../use-value.ts';
import { plural } from '../../words.ts';
import { Badge } from '../badge.ts';
import { ClockTime } from '../time.ts';
import { RentalLink } from './event-list.ts';

/** A placement as a node lists it: with its rental. */
export type NodePlacement = PlacementView & { rental: string; rentalName: string | null };

/** Placements, newest first: the machines of a rental, or (without `rental`) the rentals of a node. */
export function Placements({
  placements,
  rental = null,
}: {
  placements: readonly (PlacementView | NodePlacement)[];
  rental?: RentalView | null;
}): Markup {
  const newestFirst = placements.toSorted((a, b) => b.epoch - a.epoch);
  return html`<ol class="placements">
    ${newestFirst.map((placement) => html`<${Entry} key=${placement.epoch} placement=${placement} rental=${rental} />`)}
  </ol>`;
}

function Entry({
  placement,
  rental,
}: {
  placement: PlacementView | NodePlacement;
  rental: RentalView | null;
}): Markup {
  const now = useValue(clock);
  const known = useValue(rentals.items);
  const owner = 'rental' in placement ? (known.get(placement.rental) ?? null) : rental;
  const { tone, word, text } = placementLook(placement, now, owner && lostSince(owner));
  const cleaning = cleaningLook(placement);
  const { node, startedAt, epoch } = placement;
  return html`<li class="placement tone-${tone} ${placement.endedAt === null ? 'placement-live' : ''}">
    <div class="placement-head">
      <strong>${'rental' in placement ? html`<${RentalLink} id=${placement.rental} name=${placement.rentalName} />` : html`<a href=${nodePath(node)}>${node}</a>`}</strong>
      <${Badge} tone=${tone} word=${word} />
      <span class="muted">${text}</span>
    </div>
    <p class="muted small">from <${ClockTime} at=${startedAt} /> · epoch ${epoch}</p>
    ${
      cleaning &&
      html`<p class="placement-cleaning">
        <${Badge} tone=${cleaning.tone} word=${cleaning.word} />
        ${cleaning.text && html`<span class="muted small">${cleaning.text}</span>`}
      </p>`
    }
    <${Residue} placement=${placement} />
  </li>`;
}

/** What verification found of the client, the last time that it found anything. */
function Residue({ placement: { cleaning } }: { placement: PlacementView }): Markup {
  const found = cleaning?.found;
  if (!found) return null;
  const count = found.items.length + found.more;
  return html`<details class="residue">
    <summary>${plural(count, 'thing')} found that did not belong there</summary>
    <ul>
      ${found.items.map((item) => html`<li key=${item}><code>${item}</code></li>`)}
      ${found.more > 0 && html`<li class="muted">and ${found.more} more</li>`}
    </ul>
  </details>`;
}
