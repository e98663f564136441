import { useEffect } from 'preact/hooks';
import type { QosView, RentalQosView, TimesView } from '../../core/qos/view.ts';
import { call } from '../call.ts';
import { AvailabilityChart } from '../components/charts/availability-chart.ts';
import { FleetChart } from '../components/charts/fleet-chart.ts';
import { TimesChart } from '../components/charts/times-chart.ts';
import { useLoaded } from '../components/hooks/use-loaded.ts';
import { Failure, Loading } from '../components/states.ts';
import { html, type Markup } from '../html.ts';
import { rentalPath } from '../route.ts';
import { place, setQuery } from '../router.ts';
import { isAdmin } from '../session.ts';
import { percentText, secondsText } from '../time-text.ts';
import { useValue } from '../use-value.ts';
import { plural } from '../words.ts';

const WINDOWS = [
  ['1h', 'hour'],
  ['24h', 'day'],
  ['7d', 'week'],
  ['30d', 'month'],
] as const;
const REFRESH_MS = 15_000;

export function QualityPage(): Markup {
  const { query } = useValue(place);
  const chosen = WINDOWS.find(([window]) => window === query.get('window'))?.[0] ?? '24h';
  const { value, problem, again, isLoading } = useLoaded(
    (signal) => call<QosView>('GET', `/api/qos?window=${chosen}`, undefined, { signal }),
    [chosen],
  );
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) again();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [chosen]);
  return html`<div class="page-head">
      <h1>Quality of service</h1>
      <p class="muted">${isAdmin() ? 'of the whole fleet' : 'of your rentals'}</p>
      <div class="actions choice" role="group" aria-label="Window">
        ${WINDOWS.map(
          ([
            window,
            word,
          ]) => html`<button type="button" class="button" key=${window} aria-pressed=${window === chosen}
            onClick=${() => setQuery({ window })}>Last ${word}</button>`,
        )}
      </div>
    </div>
    ${problem && html`<${Failure} problem=${problem} again=${again} />`}
    ${value ? html`<${Figures} qos=${value} />` : isLoading && html`<${Loading} what="Reading the history…" />`}`;
}

function Figures({ qos }: { qos: QosView }): Markup {
  const { total } = qos;
  return html`<div class="stack">
    <dl class="figures">
      <${Figure} word="Availability" value=${total.availability === null ? '–' : percentText(total.availability)}
        detail=${`of ${secondsText(total.servedSeconds)} rented`} />
      <${Figure} word="Without a machine" value=${secondsText(total.withoutNodeSeconds)}
        detail=${`in ${plural(total.outages, 'outage')}`} />
      <${Figure} word="Moves" value=${total.moves.toLocaleString('en')} detail="to another machine" />
      <${TimesFigure} word="Detection" times=${total.times.detection} />
      <${TimesFigure} word="Move" times=${total.times.move} />
      <${TimesFigure} word="Provisioning" times=${total.times.provisioning} />
    </dl>
    <${AvailabilityChart} qos=${qos} />
    <${FleetChart} qos=${qos} />
    <div class="chart-pair">
      <${TimesChart} qos=${qos} kind="detection" title="Detection: first failed probe to verdict" />
      <${TimesChart} qos=${qos} kind="move" title="Move: verdict to access on the new machine" />
    </div>
    <${Rentals} qos=${qos} />
  </div>`;
}

function Figure({ word, value, detail }: { word: string; value: string; detail: string }): Markup {
  return html`<div class="figure">
    <dt>${word}</dt>
    <dd class="figure-value">${value}</dd>
    <dd class="muted small">${detail}</dd>
  </div>`;
}

function TimesFigure({
  word,
  times: { count, medianSeconds, p95Seconds },
}: {
  word: string;
  times: TimesView;
}): Markup {
  const value = medianSeconds === null ? '–' : secondsText(medianSeconds);
  const detail =
    count === 0 ? 'none in this period' : `median of ${count}; 95 %: ${secondsText(p95Seconds ?? 0)}`;
  return html`<${Figure} word=${word} value=${value} detail=${detail} />`;
}

/** Rentals, the longest without a machine first. */
function Rentals({ qos: { rentals, rentalCount } }: { qos: QosView }): Markup {
  if (rentals.length === 0) return null;
  const words = [
    'Rental',
    ...(isAdmin() ? ['Tenant'] : []),
    'Availability',
    'Without a machine',
    'Moves',
    'Ready after',
  ];
  return html`<section class="card table-card" aria-labelledby="rentals-title">
    <div class="card-head">
      <h2 id="rentals-title">By rental</h2>
      <p class="muted small">
        ${rentals.length < rentalCount ? `the ${rentals.length} of ${rentalCount} that were longest without a machine` : 'longest without a machine first'}
      </p>
    </div>
    <table class="rows" role="table">
      <thead role="rowgroup">
        <tr role="row">${words.map((word) => html`<th scope="col" role="columnheader" key=${word}>${word}</th>`)}</tr>
      </thead>
      <tbody role="rowgroup">
        ${rentals.map((rental) => html`<${Row} key=${rental.id} rental=${rental} />`)}
      </tbody>
    </table>
  </section>`;
}

function Row({ rental }: { rental: RentalQosView }): Markup {
  const { id, name, tenant, availability, withoutNodeSeconds, moves, times } = rental;
  const ready = times.provisioning.medianSeconds;
  return html`<tr role="row">
    <th scope="row" role="rowheader"><a href=${rentalPath(id)}>${name ?? id}</a></th>
    ${isAdmin() && html`<td role="cell" data-word="Tenant">${tenant ?? '–'}</td>`}
    <td role="cell" data-word="Availability">${availability === null ? '–' : percentText(availability)}</td>
    <td role="cell" data-word="Without">${secondsText(withoutNodeSeconds)}</td>
    <td role="cell" data-word="Moves">${moves}</td>
    <td role="cell" data-word="Ready after">${ready === null ? '–' : secondsText(ready)}</td>
  </tr>`;
}
