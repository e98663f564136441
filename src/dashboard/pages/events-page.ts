import { EVENT_TYPES } from '../../core/history/event.ts';
import { EventList } from '../components/cards/event-list.ts';
import { useHistory } from '../components/hooks/use-history.ts';
import { SearchField, SelectField } from '../components/search-field.ts';
import { Empty, Failure, Loading } from '../components/states.ts';
import { matchesEvent } from '../event-look.ts';
import { html, type Markup } from '../html.ts';
import { place, setQuery } from '../router.ts';
import { useValue } from '../use-value.ts';

const KINDS = [...new Set(EVENT_TYPES.map((type) => type.split('.')[0] as string))];
const TYPES = [
  ['', 'All'],
  ...KINDS.flatMap((kind) => [
    [kind, `${kind}: all`] as const,
    ...EVENT_TYPES.filter((type) => type.startsWith(`${kind}.`)).map((type) => [type, type] as const),
  ]),
] as const;

export function EventsPage(): Markup {
  const { query } = useValue(place);
  const filter = { type: query.get('type') ?? '', about: query.get('q') ?? '' };
  // The API filters by a full type. Every other filter applies here, to the events loaded so far.
  const history = useHistory(filter.type.includes('.') ? { type: filter.type } : {});
  const { first, loadOlder, isLoadingOlder, olderProblem } = history;
  const shown = history.events.filter((event) => matchesEvent(event, filter));
  const isFiltered = filter.about !== '' || filter.type !== '';
  return html`<div class="page-head"><h1>Events</h1>
      <p class="muted">newest first, live</p>
    </div>
    <div class="filters" role="search" aria-label="Events">
      <${SearchField} label="Find events by node, rental or text" placeholder="Node, rental id, text…"
        value=${filter.about} change=${(q: string) => setQuery({ q })} />
      <${SelectField} label="Type" value=${filter.type} options=${TYPES} change=${(type: string) => setQuery({ type })} />
    </div>
    ${first.problem && html`<${Failure} problem=${first.problem} again=${first.again} />`}
    ${
      shown.length > 0
        ? html`<div class="card"><${EventList} events=${shown} /></div>`
        : first.isLoading
          ? html`<${Loading} />`
          : html`<${Empty} title=${isFiltered ? 'None of the events shown so far matches' : 'Nothing has happened yet'} />`
    }
    ${olderProblem && html`<${Failure} problem=${olderProblem} />`}
    ${
      loadOlder &&
      html`<button type="button" class="button wide gap-above" disabled=${isLoadingOlder} onClick=${loadOlder}>
        ${isLoadingOlder ? 'Loading…' : 'Show older'}
      </button>`
    }`;
}
