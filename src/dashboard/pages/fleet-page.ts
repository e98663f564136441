import { useMemo } from 'preact/hooks';
import { EventList } from '../components/event-list.ts';
import { FleetSummary } from '../components/fleet-summary.ts';
import { Icon } from '../components/icon.ts';
import { Empty, Loading } from '../components/states.ts';
import { ZoneSection } from '../components/zone-section.ts';
import { describeFleet, filterFleet, groupByZone, listZones } from '../fleet.ts';
import { html, type Markup } from '../html.ts';
import { events, nodes, rentals } from '../live.ts';
import { place, setQuery } from '../router.ts';
import { useValue } from '../use-value.ts';
import { plural } from '../words.ts';

/** From so many nodes on each is a small square, and what needs a look comes first. */
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

  if (!isComplete) return html`<h1 class="unseen">Fleet</h1><${Loading} what="Looking at the fleet…" />`;
  return html`<div class="fleet-page">
    <section class="fleet-main" aria-labelledby="fleet-title">
      <div class="page-head">
        <h1 id="fleet-title">Fleet</h1>
        <p class="muted">${plural(fleet.length, 'node')} in ${plural(listZones(fleet).length, 'zone')}</p>
      </div>
      <${FleetSummary} fleet=${fleet} chosen=${filter.word} choose=${(state: string) => setQuery({ state })} />
      <div class="filters" role="search" aria-label="Nodes">
        <label class="search">
          <span class="unseen">Find nodes by name, label, state or rental</span>
          <${Icon} name="search" size=${18} />
          <input
            type="search"
            placeholder="Name, label, state, rental…"
            value=${filter.text}
            onInput=${(event: InputEvent) => setQuery({ q: (event.target as HTMLInputElement).value })}
          />
        </label>
        <label class="inline-field">
          <span>Zone</span>
          <select value=${filter.zone} onChange=${(event: Event) => setQuery({ zone: (event.target as HTMLSelectElement).value })}>
            <option value="">All</option>
            ${listZones(fleet).map((zone) => html`<option key=${zone} value=${zone}>${zone}</option>`)}
          </select>
        </label>
      </div>
      ${
        fleet.length === 0
          ? html`<${Empty} title="The fleet has no nodes"><p>They come from <code>inventory.yaml</code>.</p><//>`
          : shown.length === 0 &&
            html`<${Empty} title="No node is like that">
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
