import type { RentalView } from '../../core/view/rental-view.ts';
import { RentalActions } from '../components/actions/rental-actions.ts';
import { Conditions } from '../components/cards/conditions.ts';
import { ConnectionCard } from '../components/cards/connection-card.ts';
import { Facts, Labels } from '../components/cards/facts.ts';
import { History } from '../components/cards/history.ts';
import { LeaseMeter } from '../components/cards/lease-meter.ts';
import { Placements } from '../components/cards/placements.ts';
import { WhyCard } from '../components/cards/why-card.ts';
import { useRental } from '../components/hooks/use-rental.ts';
import { Icon } from '../components/icon.ts';
import { Empty, Failure, Loading } from '../components/states.ts';
import { Ago } from '../components/time.ts';
import { Wait } from '../components/wait.ts';
import { html, type Markup } from '../html.ts';
import { isOpen, isOver, readyCondition, rentalLookOf } from '../rental-look.ts';
import { nodePath } from '../route.ts';
import { wordsOf } from '../words.ts';

export function RentalPage({ id }: { id: string }): Markup {
  const { rental, problem, again } = useRental(id);
  if (problem?.status === 404) {
    return html`<${Empty} title=${`There is no rental ${id}`}><a href="/rentals">Show all rentals</a><//>`;
  }
  if (problem) return html`<${Failure} problem=${problem} again=${again} />`;
  if (!rental) return html`<${Loading} what="Loading the rental…" />`;
  const { status, spec } = rental;
  return html`<article class="rental-page">
    <div class="page-head">
      <p class="crumb"><a href="/rentals">Rentals</a></p>
      <h1>${rental.name}</h1>
      <${RentalActions} rental=${rental} />
    </div>
    <${Now} rental=${rental} />
    <div class="columns">
      <div class="stack">
        <${ConnectionCard} rental=${rental} />
        ${
          status.placements.length > 0 &&
          html`<section class="card" aria-labelledby="placements-title">
            <h2 id="placements-title">Machines</h2>
            <${Placements} placements=${status.placements} rental=${rental} />
          </section>`
        }
        ${!isOver(rental) && html`<${WhyCard} rental=${rental} />`}
        <${Conditions} conditions=${status.conditions} />
      </div>
      <div class="stack">
        <section class="card" aria-labelledby="spec-title">
          <h2 id="spec-title">Request</h2>
          <${Facts} facts=${[
            ['Tenant', rental.tenant],
            ['Id', html`<code>${rental.id}</code>`],
            ['Requested', html`<${Ago} at=${rental.createdAt} />`],
            ['Machine', html`<${Labels} labels=${spec.selector.matchLabels} none="any" />`],
            ['Zone', spec.selector.zone ?? html`<span class="muted">any</span>`],
            ['Lease', spec.ttl],
            ['If its node dies', lossText(spec.onNodeLoss)],
            ['If no machine is free', spec.whenFull === 'queue' ? 'wait in the queue' : 'give up'],
            ['Labels', html`<${Labels} labels=${spec.labels} />`],
            ['Webhook', spec.webhookUrl && html`<code>${spec.webhookUrl}</code>`],
            ['Public key', html`<code class="clip" title=${spec.sshPublicKey}>${spec.sshPublicKey}</code>`],
          ]} />
        </section>
        <${History} rental=${rental.id} />
      </div>
    </div>
  </article>`;
}

/** The most important facts, shown large. */
function Now({ rental }: { rental: RentalView }): Markup {
  const { status, spec } = rental;
  const { tone, icon, sentence } = rentalLookOf(status.phase);
  const ready = readyCondition(rental);
  return html`<section class="now tone-${tone}" aria-label="State" aria-live="polite">
    <${Icon} name=${icon} size=${40} />
    <div class="now-text">
      <p class="now-word">
        ${status.phase}${status.node !== null && html` on <a href=${nodePath(status.node)}>${status.node}</a>`}
        ${status.queuePosition !== null && html` · ${status.queuePosition} in the queue`}
      </p>
      <p>${sentence}${ready && status.phase !== 'Active' && html` ${wordsOf(ready.reason)}: ${ready.message}`}</p>
      ${status.queuePosition !== null && html`<p><${Wait} rental=${rental} /></p>`}
    </div>
    ${
      status.expiresAt !== null &&
      isOpen(rental) &&
      html`<${LeaseMeter} expiresAt=${status.expiresAt} whole=${spec.ttl} />`
    }
  </section>`;
}

function lossText({ action, after }: RentalView['spec']['onNodeLoss']): string {
  if (action === 'wait') return 'wait for it to come back';
  return after === '0s' ? 'move at once' : `move after ${after}`;
}
