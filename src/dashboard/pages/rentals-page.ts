import type { RentalView } from '../../core/view/rental-view.ts';
import { PhaseBadge } from '../components/badge.ts';
import { SearchField, SelectField } from '../components/search-field.ts';
import { Empty, Loading } from '../components/states.ts';
import { Ago } from '../components/time.ts';
import { html, type Markup } from '../html.ts';
import { rentals } from '../live.ts';
import { listRentals } from '../rental-list.ts';
import { readyCondition } from '../rental-look.ts';
import { nodePath, rentalPath } from '../route.ts';
import { place, setQuery } from '../router.ts';
import { isAdmin } from '../session.ts';
import { useValue } from '../use-value.ts';
import { plural, wordsOf } from '../words.ts';

const PHASES = [
  ['', 'Not ended'],
  ['all', 'All'],
  ...['Pending', 'Provisioning', 'Active', 'Migrating', 'Lost', 'Releasing', 'Released', 'Failed'].map(
    (phase) => [phase, phase] as const,
  ),
] as const;
/** More rows than anybody reads; a search finds the rest. */
const MOST_ROWS = 500;

export function RentalsPage(): Markup {
  const all = useValue(rentals.items);
  const isComplete = useValue(rentals.isComplete);
  const { query } = useValue(place);
  const filter = { text: query.get('q') ?? '', phase: query.get('phase') ?? '' };
  const shown = listRentals(all.values(), filter);
  if (!isComplete) return html`<h1 class="unseen">Rentals</h1><${Loading} what="Loading the rentals…" />`;
  return html`<div class="page-head">
      <h1>Rentals</h1>
      <p class="muted">${plural(shown.length, 'rental')}</p>
    </div>
    <div class="filters" role="search" aria-label="Rentals">
      <${SearchField} label="Find rentals by name, tenant, node or label" placeholder="Name, tenant, node, label…"
        value=${filter.text} change=${(q: string) => setQuery({ q })} />
      <${SelectField} label="Phase" value=${filter.phase} options=${PHASES} change=${(phase: string) => setQuery({ phase })} />
    </div>
    ${
      shown.length > 0
        ? html`<${RentalTable} rentals=${shown.slice(0, MOST_ROWS)} />`
        : html`<${Empty} title=${filter.text || filter.phase ? 'No rental matches' : 'No machine is rented'}>
            <p>Press “Rent a machine” to get one.</p>
          <//>`
    }
    ${shown.length > MOST_ROWS && html`<p class="muted gap-above">The first ${MOST_ROWS} are shown.</p>`}`;
}

/** A table where there is room; on a phone each row is a card, with the names of the columns inside. */
function RentalTable({ rentals: rows }: { rentals: RentalView[] }): Markup {
  const withTenant = isAdmin();
  return html`<div class="card table-card">
    <table class="rows" role="table">
      <thead role="rowgroup">
        <tr role="row">
          ${['Name', ...(withTenant ? ['Tenant'] : []), 'Phase', 'Machine', 'Ends', 'Requested'].map(
            (word) => html`<th scope="col" role="columnheader" key=${word}>${word}</th>`,
          )}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows.map((rental) => html`<${Row} key=${rental.id} rental=${rental} withTenant=${withTenant} />`)}
      </tbody>
    </table>
  </div>`;
}

function Row({ rental, withTenant }: { rental: RentalView; withTenant: boolean }): Markup {
  const { id, name, tenant, status, createdAt } = rental;
  const ready = readyCondition(rental);
  const isWell = status.phase === 'Active' || status.phase === 'Released';
  return html`<tr role="row">
    <th scope="row" role="rowheader"><a href=${rentalPath(id)}>${name}</a></th>
    ${withTenant && html`<td role="cell" data-word="Tenant">${tenant}</td>`}
    <td role="cell" data-word="Phase">
      <${PhaseBadge} phase=${status.phase} />
      ${!isWell && ready && html` <span class="muted small">${wordsOf(ready.reason)}</span>`}
      ${status.queuePosition !== null && html` <span class="muted small">(${status.queuePosition} in the queue)</span>`}
    </td>
    <td role="cell" data-word="Machine">
      ${status.node === null ? html`<span class="muted">–</span>` : html`<a href=${nodePath(status.node)}>${status.node}</a>`}
    </td>
    <td role="cell" data-word="Ends"><${Ago} at=${status.expiresAt} /></td>
    <td role="cell" data-word="Requested"><${Ago} at=${createdAt} /></td>
  </tr>`;
}
