import type { RentalView } from '../../core/view/rental-view.ts';
import { RentalActions } from '../components/actions/rental-actions.ts';
import { Empty, Loading } from '../components/states.ts';
import { Ago } from '../components/time.ts';
import { Wait } from '../components/wait.ts';
import { describeFleet } from '../fleet.ts';
import { html, type Markup } from '../html.ts';
import { nodes, rentals } from '../live.ts';
import { queueOf, requestText } from '../rental-list.ts';
import { readyCondition } from '../rental-look.ts';
import { rentalPath } from '../route.ts';
import { isAdmin } from '../session.ts';
import { useValue } from '../use-value.ts';
import { plural } from '../words.ts';

export function QueuePage(): Markup {
  const all = useValue(rentals.items);
  const isComplete = useValue(rentals.isComplete);
  const fleet = describeFleet(useValue(nodes.items).values(), all);
  const { waiting, hopeless } = queueOf(all.values());
  const free = fleet.filter(({ look }) => look.word === 'Free' && look.marks.length === 0).length;
  if (!isComplete) return html`<h1 class="unseen">Queue</h1><${Loading} what="Loading the queue…" />`;
  return html`<div class="page-head">
      <h1>Queue</h1>
      <p class="muted">${plural(waiting.length, 'rental')} ${waiting.length === 1 ? 'waits' : 'wait'}, ${plural(free, 'node')} available</p>
    </div>
    ${
      waiting.length === 0 && hopeless.length === 0
        ? html`<${Empty} title=${isAdmin() ? 'No rental waits for a machine' : 'None of your rentals waits for a machine'}>
            <p>A rental waits here while all matching machines are taken, and gets the next one.</p>
          <//>`
        : html`<ol class="queue">
            ${waiting.map((rental) => html`<${Entry} key=${rental.id} rental=${rental} />`)}
          </ol>`
    }
    ${
      hopeless.length > 0 &&
      html`<section class="gap-above-large" aria-labelledby="hopeless-title">
        <h2 id="hopeless-title">No node can ever match</h2>
        <p class="muted">They hold up no other rental, and get a machine once the inventory has a matching one.</p>
        <ol class="queue">
          ${hopeless.map((rental) => html`<${Entry} key=${rental.id} rental=${rental} />`)}
        </ol>
      </section>`
    }`;
}

function Entry({ rental }: { rental: RentalView }): Markup {
  const { id, name, tenant, createdAt, status } = rental;
  const ready = readyCondition(rental);
  return html`<li class="card waiting">
    <span class="waiting-place" aria-label=${status.queuePosition === null ? 'No place' : `Place ${status.queuePosition}`}>
      ${status.queuePosition ?? '–'}
    </span>
    <div class="waiting-text">
      <p><a class="waiting-name" href=${rentalPath(id)}>${name}</a> <span class="muted">of ${tenant}</span></p>
      <p>wants ${requestText(rental)} · requested <${Ago} at=${createdAt} /></p>
      ${status.queuePosition !== null && html`<p><${Wait} rental=${rental} /></p>`}
      ${ready?.message && html`<p class="muted small">${ready.message}</p>`}
    </div>
    <${RentalActions} rental=${rental} />
  </li>`;
}
