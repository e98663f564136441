import type { QosView } from '../../core/qos-view.ts';
import { axisOf, lowestShareOf } from '../chart.ts';
import { html, type Markup } from '../html.ts';
import { clockText, percentText, secondsText } from '../time-text.ts';
import { Chart, type Plot } from './chart.ts';
import { Legend } from './legend.ts';

/** So high is an outage at least, that one sees it. */
const LEAST_PX = 3;

/** Of the time in which clients were to have a machine, the part in which they had one; what they missed on top of it. */
export function AvailabilityChart({ qos }: { qos: QosView }): Markup {
  const { window, series, total } = qos;
  const { buckets } = series;
  const low = lowestShareOf(buckets.map(({ availability }) => availability));
  const span = 1 - low;
  // Round steps of what is missing are round steps of what is there.
  const marks = axisOf(span).marks.map((missing) => 1 - missing);
  const draw = ({ spans, height, y }: Plot) =>
    buckets.map(({ from, availability }, i) => {
      const { x = 0, width = 0 } = spans[i] ?? {};
      if (availability === null) return null;
      const missed = availability < 1 ? Math.max(LEAST_PX, y(availability)) : 0;
      const bar = { x: x + 0.5, width: Math.max(1, width - 1) };
      return html`<g key=${from}>
        <title>${clockText(from, Date.now())}: ${percentText(availability)}</title>
        <rect class="bar-good" ...${bar} y=${missed} height=${Math.max(0, height - missed)} />
        ${missed > 0 && html`<rect class="bar-bad" ...${bar} y="0" height=${Math.min(height, missed)} />`}
      </g>`;
    });
  return html`<${Chart}
    title="Availability"
    label=${`Availability over time; ${total.availability === null ? 'none' : percentText(total.availability)} in all`}
    window=${window}
    buckets=${buckets}
    axis=${{ low, top: 1, marks }}
    format=${(share: number) => `${Number((share * 100).toPrecision(6))} %`}
    draw=${draw}
    legend=${html`<${Legend} entries=${[['bar-good', 'with a machine'], ['bar-bad', 'without']]} />`}
    empty=${total.availability === null ? 'Nobody had rented a machine in this time.' : null}
    table=${{
      head: ['From', 'Availability', 'Without a machine', 'Moves'],
      rows: buckets.map(({ from, availability, withoutNodeSeconds, moves }) => [
        clockText(from, Date.now()),
        availability === null ? '–' : percentText(availability),
        secondsText(withoutNodeSeconds),
        String(moves),
      ]),
    }}
  />`;
}
