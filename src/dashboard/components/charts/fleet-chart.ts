import { NODE_STATES, type NodeState } from '../../../core/model/node-states.ts';
import type { QosView } from '../../../core/qos/view.ts';
import { axisOf, stack } from '../../chart.ts';
import { html, type Markup } from '../../html.ts';
import { stateLook } from '../../node-look.ts';
import { clockText } from '../../time-text.ts';
import { Chart, type Plot } from './chart.ts';
import { Legend } from './legend.ts';

/** From the bottom up: what can be rented first, what is lost on top. */
const ORDER = NODE_STATES.toSorted((a, b) => stateLook(b).urgency - stateLook(a).urgency);

/** How many nodes were in each state, on average over each part of the window. */
export function FleetChart({ qos: { window, series } }: { qos: QosView }): Markup {
  const { buckets } = series;
  if (buckets.every(({ nodes }) => nodes === null)) return null;
  const countOf = (state: NodeState) => buckets.map(({ nodes }) => nodes?.[state] ?? 0);
  const states = ORDER.filter((state) => countOf(state).some((count) => count > 0));
  const bands = stack(states.map(countOf));
  const most = Math.max(0, ...(bands.at(-1) ?? []).map(({ high }) => high));
  const draw = ({ spans, y }: Plot) =>
    states.map(
      (state, band) => html`<g key=${state} class="band band-${state}">
      ${bands[band]?.map(({ low, high }, i) => {
        const { x = 0, width = 0 } = spans[i] ?? {};
        if (high === low) return null;
        return html`<rect key=${i} x=${x} width=${width + 0.3} y=${y(high)} height=${y(low) - y(high)}>
          <title>${clockText(buckets[i]?.from ?? '', Date.now())}: ${count(high - low)} ${stateLook(state).word}</title>
        </rect>`;
      })}
    </g>`,
    );
  const shown = NODE_STATES.filter((state) => states.includes(state));
  return html`<${Chart}
    title="State of the fleet"
    label="How many nodes were in each state over time"
    window=${window}
    buckets=${buckets}
    axis=${axisOf(most)}
    format=${count}
    draw=${draw}
    legend=${html`<${Legend} entries=${states.map((state) => [`band-${state}`, stateLook(state).word] as const)} />`}
    empty=${states.length === 0 ? 'Nothing is known about the fleet in this period.' : null}
    table=${{
      head: ['From', ...shown.map((state) => stateLook(state).word)],
      rows: buckets.map(({ from, nodes }) => [
        clockText(from, Date.now()),
        ...shown.map((state) => count(nodes?.[state] ?? 0)),
      ]),
    }}
  />`;
}

function count(value: number): string {
  return String(Math.round(value * 100) / 100);
}
