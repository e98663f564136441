import type { QosBucketView, QosView } from '../../../core/qos/view.ts';
import { labelled, type Span, spansOf, timeLabel } from '../../chart.ts';
import { html, type Markup } from '../../html.ts';
import { useWidth } from '../hooks/use-width.ts';

const HEIGHT = 210;
const LEFT = 54;
const RIGHT = 6;
const TOP = 8;
const BOTTOM = 24;
const LABELS_APART = 84;

/** What a chart draws with: the span of each part, and the place of a value in pixels from the top. */
export interface Plot {
  spans: Span[];
  height: number;
  y: (value: number) => number;
}

export interface ChartProps {
  title: string;
  /** What the chart shows, for screen readers. */
  label: string;
  window: QosView['window'];
  buckets: readonly QosBucketView[];
  axis: { low?: number; top: number; marks: readonly number[] };
  format: (value: number) => string;
  draw: (plot: Plot) => Markup;
  /** Beside the title. */
  legend?: Markup;
  /** The same data as numbers. */
  table: { head: string[]; rows: string[][] };
  /** Shown instead when there is nothing to draw. */
  empty?: string | null;
}

/** A figure over time, as wide as the page allows, with a table of its numbers. */
export function Chart(props: ChartProps): Markup {
  const { title, legend, empty, table } = props;
  return html`<figure class="card chart">
    <figcaption class="card-head"><h2>${title}</h2>${legend}</figcaption>
    ${empty ? html`<p class="chart-empty">${empty}</p>` : html`<${Drawing} ...${props} />`}
    ${!empty && html`<${Numbers} title=${title} table=${table} />`}
  </figure>`;
}

function Drawing({ label, window, buckets, axis, format, draw }: ChartProps): Markup {
  const { ref, width } = useWidth();
  const room = Math.max(0, width - LEFT - RIGHT);
  const height = HEIGHT - TOP - BOTTOM;
  const { low = 0, top, marks } = axis;
  const y = (value: number) => height * (1 - (value - low) / (top - low));
  const spans = spansOf(buckets, window, room);
  const isDrawn = room > 0;
  return html`<div ref=${ref} class="chart-room">
    ${
      isDrawn &&
      html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${label}>
        <g transform="translate(${LEFT} ${TOP})">
          ${marks.map(
            (mark) => html`<g key=${mark} aria-hidden="true">
              <line class="grid" x1="0" x2=${room} y1=${y(mark)} y2=${y(mark)} />
              <text class="axis axis-y" x="-8" y=${y(mark) + 4}>${format(mark)}</text>
            </g>`,
          )}
          ${draw({ spans, height, y })}
          ${labelled(buckets.length, room, LABELS_APART).map((i) => {
            const x = spans[i]?.x ?? 0;
            // A label so close to the end would stick out.
            if (x > room - LABELS_APART / 2) return null;
            return html`<text class="axis" key=${i} x=${x} y=${height + 18} aria-hidden="true">
              ${timeLabel(buckets[i]?.from ?? '', window.seconds)}
            </text>`;
          })}
        </g>
      </svg>`
    }
  </div>`;
}

function Numbers({ title, table }: Pick<ChartProps, 'title' | 'table'>): Markup {
  return html`<details class="numbers">
    <summary>Numbers<span class="unseen"> of ${title}</span></summary>
    <div class="numbers-room" tabindex="0" role="region" aria-label="Numbers of ${title}">
      <table>
        <thead>
          <tr>${table.head.map((word) => html`<th scope="col" key=${word}>${word}</th>`)}</tr>
        </thead>
        <tbody>
          ${table.rows.map(
            ([first, ...rest]) => html`<tr key=${first}>
              <th scope="row">${first}</th>
              ${rest.map((text, i) => html`<td key=${i}>${text}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
