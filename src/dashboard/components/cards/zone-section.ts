import { useState } from 'preact/hooks';
import type { FleetNode, ZoneGroup } from '../../fleet.ts';
import { html, type Markup } from '../../html.ts';
import { nodePath } from '../../route.ts';
import { plural } from '../../words.ts';
import { moveFocus } from '../hooks/move-focus.ts';
import { Icon } from '../icon.ts';

/** How many cells of a zone are shown at first: ten thousand would slow a browser to a crawl. */
const CELLS_AT_FIRST = 400;

export function ZoneSection({ group, isCompact }: { group: ZoneGroup; isCompact: boolean }): Markup {
  const [isAll, setAll] = useState(false);
  const { zone, nodes, free } = group;
  const shown = isAll ? nodes : nodes.slice(0, CELLS_AT_FIRST);
  const hidden = nodes.length - shown.length;
  const id = `zone-${zone ?? 'none'}`;
  return html`<section class="zone" aria-labelledby=${id}>
    <h2 id=${id} class="zone-head">
      <span>${zone ?? 'Without a zone'}</span>
      <span class="zone-count">${plural(nodes.length, 'node')}, ${free.toLocaleString('en')} available</span>
    </h2>
    <ul class=${isCompact ? 'cells cells-compact' : 'cells'} onKeyDown=${moveFocus}>
      ${shown.map((entry) => html`<${NodeCell} key=${entry.node.name} entry=${entry} isCompact=${isCompact} />`)}
    </ul>
    ${
      hidden > 0 &&
      html`<button type="button" class="button" onClick=${() => setAll(true)}>
        Show the other ${plural(hidden, 'node')}
      </button>`
    }
  </section>`;
}

function NodeCell({ entry, isCompact }: { entry: FleetNode; isCompact: boolean }): Markup {
  const { node, look, rental } = entry;
  const said = [look.word, ...look.marks].join(', ');
  const classes = `cell tone-${look.tone} ${look.marks.length > 0 ? 'cell-marked' : ''}`;
  if (isCompact) {
    const label = `${node.name}: ${said}`;
    return html`<li>
      <a class=${classes} href=${nodePath(node.name)} title=${label} aria-label=${label}><${Icon} name=${look.tone} size=${18} /></a>
    </li>`;
  }
  const detail = look.trouble ?? rental?.name ?? null;
  return html`<li>
    <a class=${classes} href=${nodePath(node.name)}>
      <span class="cell-icon"><${Icon} name=${look.tone} size=${30} /></span>
      <span class="cell-name">${node.name}</span>
      <span class="cell-word">${look.word}</span>
      <span class="cell-detail">${detail ?? ' '}</span>
      ${look.marks.length > 0 && html`<span class="cell-marks">${look.marks.join(' · ')}</span>`}
    </a>
  </li>`;
}
