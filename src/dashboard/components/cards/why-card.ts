import type { Explanation } from '../../../core/rental/explanation.ts';
import type { RentalView } from '../../../core/view/rental-view.ts';
import { call } from '../../call.ts';
import { html, type Markup } from '../../html.ts';
import { lostSince } from '../../rental-look.ts';
import { rentalPath } from '../../route.ts';
import { plural, wordsOf } from '../../words.ts';
import { useLoaded } from '../hooks/use-loaded.ts';
import { Failure, Loading } from '../states.ts';

/** Why a rental is on its node or waits: each node that was passed over. Loaded again when its state changes. */
export function WhyCard({ rental }: { rental: RentalView }): Markup {
  const { id, status } = rental;
  const loaded = useLoaded(
    (signal) => call<Explanation>('GET', `/api${rentalPath(id)}/explain`, undefined, { signal }),
    [id, status.phase, status.node, status.queuePosition],
  );
  return html`<section class="card" aria-labelledby="why-title">
    <h2 id="why-title">${status.node === null || lostSince(rental) !== null ? 'Why it waits' : 'Why it is there'}</h2>
    ${loaded.problem && html`<${Failure} problem=${loaded.problem} again=${loaded.again} />`}
    ${loaded.value ? html`<${Why} explanation=${loaded.value} />` : loaded.isLoading && html`<${Loading} />`}
  </section>`;
}

function Why({ explanation }: { explanation: Explanation }): Markup {
  const { wanted, placement, meanings } = explanation;
  const decision = placement?.decision ?? null;
  const usable = wanted?.usable ?? decision?.usable ?? 0;
  const summary = wanted?.passedOver ?? decision?.passedOver;
  if (!summary) return html`<p class="muted">Nothing has been decided for it yet.</p>`;
  const counts = new Map<string, { nodes: string[]; more: number }>();
  const of = (reason: string) => counts.get(reason) ?? { nodes: [], more: 0 };
  for (const { node, reason } of summary.nodes)
    counts.set(reason, { ...of(reason), nodes: [...of(reason).nodes, node] });
  for (const { reason, count } of summary.others)
    counts.set(reason, { ...of(reason), more: of(reason).more + count });
  return html`
    <p>${wanted ? 'Now' : 'When it was placed'}, ${plural(usable, 'node')} could be taken. Passed over${wanted ? ' are' : ' were'}:</p>
    ${
      counts.size === 0
        ? html`<p class="muted gap-above">none</p>`
        : html`<ul class="why">
            ${[...counts].map(
              ([reason, { nodes, more }]) => html`<li key=${reason}>
                <p><strong>${wordsOf(reason)}</strong> <span class="muted">${meanings[reason] ?? ''}</span></p>
                <p class="small">${nodes.join(', ')}${more > 0 && ` and ${plural(more, 'more', 'more')}`}</p>
              </li>`,
            )}
          </ul>`
    }`;
}
