import type { NodeView } from '../../core/view/node-view.ts';
import type { RentalView } from '../../core/view/rental-view.ts';
import { call, type Page } from '../call.ts';
import { NodeActionBar } from '../components/actions/node-action-bar.ts';
import { PhaseBadge } from '../components/badge.ts';
import { Conditions } from '../components/cards/conditions.ts';
import { Facts, Labels } from '../components/cards/facts.ts';
import { History } from '../components/cards/history.ts';
import { MaintenanceNote } from '../components/cards/maintenance-note.ts';
import { type NodePlacement, Placements } from '../components/cards/placements.ts';
import { useLoaded } from '../components/hooks/use-loaded.ts';
import { Icon } from '../components/icon.ts';
import { Empty, Failure, Loading } from '../components/states.ts';
import { Ago } from '../components/time.ts';
import { describeFleet } from '../fleet.ts';
import { html, type Markup } from '../html.ts';
import { nodes, rentals } from '../live.ts';
import { contactOf } from '../node-contact.ts';
import { type AnyNode, isFullView, lookOf, type NodeLook } from '../node-look.ts';
import { nodePath, rentalPath } from '../route.ts';
import { useValue } from '../use-value.ts';

export function NodePage({ name }: { name: string }): Markup {
  const node = useValue(nodes.items).get(name);
  const isComplete = useValue(nodes.isComplete);
  const known = useValue(rentals.items);
  if (node === undefined) {
    return isComplete
      ? html`<${Empty} title=${`There is no node ${name}`}><a href="/">Show the fleet</a><//>`
      : html`<${Loading} what="Loading the node…" />`;
  }
  const [described] = describeFleet([node], known);
  const { look, rental } = described as NonNullable<typeof described>;
  return html`<article class="node-page">
    <div class="page-head">
      <p class="crumb"><a href="/">Fleet</a>${node.spec.zone !== null && html` · ${node.spec.zone}`}</p>
      <h1>${name}</h1>
      ${isFullView(node) && html`<${NodeActionBar} node=${node} />`}
    </div>
    <${Now} node=${node} look=${look} rental=${rental} />
    ${isFullView(node) && html`<${MaintenanceNote} node=${node} />`}
    ${isFullView(node) ? html`<${Details} node=${node} />` : html`<${Outline} node=${node} />`}
  </article>`;
}

function Now({ node, look, rental }: { node: AnyNode; look: NodeLook; rental: RentalView | null }): Markup {
  return html`<section class="now tone-${look.tone}" aria-label="State" aria-live="polite">
    <${Icon} name=${look.tone} size=${40} />
    <div class="now-text">
      <p class="now-word">${[look.word, ...look.marks].join(' · ')}</p>
      <p>
        ${look.trouble && html`${look.trouble}. `}
        ${rental ? html`<${Occupant} rental=${rental} />` : isFullView(node) && !node.status.allocated && 'Nobody is on it.'}
        ${isFullView(node) && node.status.nextAttemptAt && html` Tried again <${Ago} at=${node.status.nextAttemptAt} />.`}
      </p>
    </div>
  </section>`;
}

function Occupant({ rental }: { rental: RentalView }): Markup {
  return html`<span class="occupant"><a href=${rentalPath(rental.id)}>${rental.name}</a> of ${rental.tenant}
    <${PhaseBadge} phase=${rental.status.phase} /></span>`;
}

function Details({ node }: { node: NodeView }): Markup {
  const { spec, status } = node;
  return html`<div class="columns">
    <div class="stack">
      <${Conditions} conditions=${status.conditions} />
      <${Clients} node=${node} />
    </div>
    <div class="stack">
      <section class="card" aria-labelledby="spec-title">
        <h2 id="spec-title">The machine</h2>
        <${Facts} facts=${[
          ['Address', html`<code>${spec.host}:${spec.port}</code>`],
          ['Zone', spec.zone ?? html`<span class="muted">none</span>`],
          ['Labels', html`<${Labels} labels=${spec.labels} />`],
          [`${lookOf(node).word} since`, html`<${Ago} at=${status.stateSince} />`],
          ...contactOf(node).map(([word, at]) => [word, html`<${Ago} at=${at} />`]),
          [
            'Host key',
            status.hostKey && html`<code class="clip" title=${status.hostKey}>${status.hostKey}</code>`,
          ],
          [
            'Key is',
            status.hostKey && (spec.hostKey === null ? 'the first one seen' : 'pinned in the inventory'),
          ],
          ['It shows instead', status.offeredFingerprint && html`<code>${status.offeredFingerprint}</code>`],
        ]} />
      </section>
      <${History} node=${node.name} />
    </div>
  </div>`;
}

/** The node's clients so far, with the result of cleaning up after them. Loaded again when its state changes. */
function Clients({ node: { name, status } }: { node: NodeView }): Markup {
  const path = `/api${nodePath(name)}/placements?limit=20`;
  const { value, problem, again, isLoading } = useLoaded(
    (signal) => call<Page<NodePlacement>>('GET', path, undefined, { signal }),
    [name, status.state, status.rental, JSON.stringify(status.conditions)],
  );
  const items = value?.items ?? [];
  return html`<section class="card" aria-labelledby="clients-title">
    <h2 id="clients-title">Who was on it</h2>
    ${problem && html`<${Failure} problem=${problem} again=${again} />`}
    ${
      items.length > 0
        ? html`<${Placements} placements=${items} />`
        : isLoading
          ? html`<${Loading} />`
          : !problem && html`<${Empty} title="Nobody yet" />`
    }
  </section>`;
}

/** What tenants see. */
function Outline({ node }: { node: AnyNode }): Markup {
  return html`<section class="card" aria-labelledby="spec-title">
    <h2 id="spec-title">The machine</h2>
    <${Facts} facts=${[
      ['Zone', node.spec.zone ?? html`<span class="muted">none</span>`],
      ['Labels', html`<${Labels} labels=${node.spec.labels} />`],
    ]} />
  </section>`;
}
