import type { QosView } from '../../../core/qos/view.ts';
import { axisOf, lowestShareOf } from '../../chart.ts';
import { html, type Markup } from '../../html.ts';
import { clockText, percentText, secondsText } from '../../time-text.ts';
import { Chart, type Plot } from './chart.ts';

const DOT_PX = 4;

/**
 * The part of the time owed to clients in which they had a machine. Dots, not bars: the axis seldom begins at zero,
 * so the length of a bar would mislead.
 */
export function AvailabilityChart({ qos }: { qos: QosView }): Markup {
  const { window, series, total } = qos;
  const { buckets } = series;
  const low = lowestShareOf(buckets.map(({ availability }) => availability));
  const span = 1 - low;
  // Marks that are round for the missing share are round for the share, too.
  const marks = axisOf(span).marks.map((missing) => 1 - missing);
  const format = (share: number) => `${Number((share * 100).toPrecision(6))} %`;
  const draw = ({ spans, y }: Plot) =>
    buckets.map(({ from, availability }, i) => {
      const { x = 0, width = 0 } = spans[i] ?? {};
      if (availability === null) return null;
      const at = { x: x + width / 2, y: y(availability) };
      return html`<g key=${from}>
        <title>${clockText(from, Date.now())}: ${percentText(availability)}</title>
        <path class=${availability < 1 ? 'dot-bad' : 'dot-good'} d=${availability < 1 ? diamond(at) : circle(at)} />
      </g>`;
    });
  return html`<${Chart}
    title="Availability"
    label=${`Availability over time; ${total.availability === null ? 'none' : percentText(total.availability)} in all`}
    window=${window}
    buckets=${buckets}
    axis=${{ low, top: 1, marks }}
    format=${format}
    draw=${draw}
    legend=${html`<p class="muted small">● always with a machine, ◆ not always${total.availability !== null && low > 0 && html` · the axis begins at ${format(low)}`}</p>`}
    empty=${total.availability === null ? 'No machine was rented in this period.' : null}
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

type Point = { x: number; y: number };

function circle({ x, y }: Point): string {
  const half = `a${DOT_PX} ${DOT_PX} 0 1 0`;
  return `M${x - DOT_PX} ${y}${half} ${2 * DOT_PX} 0${half} ${-2 * DOT_PX} 0Z`;
}

/** Larger than a dot and of another shape, so that it stands out without its colour, too. */
function diamond({ x, y }: Point): string {
  const r = DOT_PX * 1.5;
  return `M${x} ${y - r}l${r} ${r} ${-r} ${r} ${-r} ${-r}Z`;
}
