import { useMemo } from 'preact/hooks';
import { PauseButton } from '../components/actions/pool-actions.ts';
import { EventList } from '../components/cards/event-list.ts';
import { FleetSummary } from '../components/cards/fleet-summary.ts';
import { ZoneSection } from '../components/cards/zone-section.ts';
import { SearchField, SelectField } from '../components/search-field.ts';
import { Empty, Loading } from '../components/states.ts';
import {
  describeFleet,
  type FleetFilter,
  type FleetNode,
  filterFleet,
  groupByZone,
  listZones,
} from '../fleet.ts';
import { html, type Markup } from '../html.ts';
import { events, nodes, rentals } from '../live.ts';
import { place, setQuery } from '../router.ts';
import { useValue } from '../use-value.ts';
import { plural } from '../words.ts';

/** From this many nodes on, each is a small square, and the most urgent come first. */
const COMPACT_FROM = 150;
const LATEST = 12;

export function FleetPage(): Markup {
  const all = useValue(nodes.items);
  const isComplete = useValue(nodes.isComplete);
  const known = useValue(rentals.items);
  const latest = useValue(events);
  const { query } = useValue(place);
  const filter = {
    text: query.get('q') ?? '',
    word: query.get('state') ?? '',
    zone: query.get('zone') ?? '',
  };
  const fleet = useMemo(() => describeFleet(all.values(), known), [all, known]);
  const shown = filterFleet(fleet, filter);
  const isCompact = shown.length >= COMPACT_FROM;
  const groups = groupByZone(shown, isCompact);

  if (!isComplete) return html`<h1 class="unseen">Fleet</h1><${Loading} what="Loading the fleet…" />`;
  return html`<div class="fleet-page">
    <section class="fleet-main" aria-labelledby="fleet-title">
      <div class="page-head">
        <h1 id="fleet-title">Fleet</h1>
        ${fleet.length > 0 && html`<p class="muted">${sizeText(fleet)}</p>`}
        <div class="actions"><${PauseButton} /></div>
      </div>
      ${fleet.length > 0 && html`<${FleetControls} fleet=${fleet} filter=${filter} />`}
      ${
        fleet.length === 0
          ? html`<${Empty} title="The fleet has no nodes"><p>They come from <code>inventory.yaml</code>.</p><//>`
          : shown.length === 0 &&
            html`<${Empty} title="No node matches">
              <button type="button" class="button" onClick=${() => setQuery({ q: '', state: '', zone: '' })}>Show all nodes</button>
            <//>`
      }
      ${groups.map((group) => html`<${ZoneSection} key=${group.zone ?? ''} group=${group} isCompact=${isCompact} />`)}
    </section>
    <aside class="fleet-side" aria-labelledby="latest-title">
      <div class="side-head">
        <h2 id="latest-title">Latest</h2>
        <a href="/events">All events</a>
      </div>
      ${
        latest.length === 0
          ? html`<${Empty} title="Nothing has happened yet" />`
          : html`<${EventList} events=${latest.slice(0, LATEST)} />`
      }
    </aside>
  </div>`;
}

function sizeText(fleet: FleetNode[]): string {
  const zones = listZones(fleet).length;
  return zones === 0
    ? plural(fleet.length, 'node')
    : `${plural(fleet.length, 'node')} in ${plural(zones, 'zone')}`;
}

/** The counts by state, and the filters. */
function FleetControls({ fleet, filter }: { fleet: FleetNode[]; filter: FleetFilter }): Markup {
  const zones = listZones(fleet).map((zone) => [zone, zone] as const);
  return html`<${FleetSummary} fleet=${fleet} chosen=${filter.word} choose=${(state: string) => setQuery({ state })} />
    <div class="filters" role="search" aria-label="Nodes">
      <${SearchField} label="Find nodes by name, label, state or rental" placeholder="Name, label, state, rental…"
        value=${filter.text} change=${(q: string) => setQuery({ q })} />
      ${
        zones.length > 1 &&
        html`<${SelectField} label="Zone" value=${filter.zone} options=${[['', 'All'], ...zones]}
          change=${(zone: string) => setQuery({ zone })} />`
      }
    </div>`;
}
