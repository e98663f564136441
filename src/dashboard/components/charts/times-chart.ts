import type { QosView } from '../../../core/qos/view.ts';
import { axisOf } from '../../chart.ts';
import { html, type Markup } from '../../html.ts';
import { clockText, secondsText } from '../../time-text.ts';
import { Chart, type Plot } from './chart.ts';

/** How long something took in each part of the window: the median as a dot, up to the 95th percentile as a line. */
export function TimesChart({
  qos: { window, series, total },
  kind,
  title,
}: {
  qos: QosView;
  kind: 'detection' | 'move';
  title: string;
}): Markup {
  const { buckets } = series;
  const known = buckets.filter(({ times }) => times[kind].count > 0);
  const most = Math.max(0, ...known.map(({ times }) => times[kind].p95Seconds ?? 0));
  const draw = ({ spans, y }: Plot) =>
    buckets.map(({ from, times }, i) => {
      const { count, medianSeconds, p95Seconds } = times[kind];
      if (count === 0 || medianSeconds === null) return null;
      const { x = 0, width = 0 } = spans[i] ?? {};
      const middle = x + width / 2;
      const text = `${clockText(from, Date.now())}: ${count}, median ${secondsText(medianSeconds)}`;
      return html`<g key=${from} class="times">
        <title>${text}</title>
        <line x1=${middle} x2=${middle} y1=${y(medianSeconds)} y2=${y(p95Seconds ?? medianSeconds)} />
        <circle cx=${middle} cy=${y(medianSeconds)} r="5" />
      </g>`;
    });
  const { count, medianSeconds, p95Seconds } = total.times[kind];
  const text = (seconds: number | null) => (seconds === null ? '–' : secondsText(seconds));
  return html`<${Chart}
    title=${title}
    label=${`${title} over time: ${count} in all, median ${text(medianSeconds)}, 95th percentile ${text(p95Seconds)}`}
    window=${window}
    buckets=${buckets}
    axis=${axisOf(most)}
    format=${(seconds: number) => `${Number(seconds.toPrecision(3))} s`}
    draw=${draw}
    legend=${html`<p class="muted small">● median, up to the 95th percentile</p>`}
    empty=${count === 0 ? 'None in this period.' : null}
    table=${{
      head: ['From', 'Count', 'Median', '95th percentile'],
      rows: known.map(({ from, times }) => [
        clockText(from, Date.now()),
        String(times[kind].count),
        text(times[kind].medianSeconds),
        text(times[kind].p95Seconds),
      ]),
    }}
  />`;
}
