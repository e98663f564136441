import { countWords, type FleetNode } from '../../fleet.ts';
import { html, type Markup } from '../../html.ts';
import { isFullView, NODE_WORDS, TENANT_WORDS, toneOf } from '../../node-look.ts';
import { Icon } from '../icon.ts';

/** The number of nodes in each state. Pressing a number shows only those nodes. */
export function FleetSummary({
  fleet,
  chosen,
  choose,
}: {
  fleet: FleetNode[];
  chosen: string;
  choose: (word: string) => void;
}): Markup {
  const counts = countWords(fleet);
  const words = fleet.some(({ node }) => isFullView(node)) ? NODE_WORDS : TENANT_WORDS;
  return html`<div class="summary" role="group" aria-label="Nodes by state">
    ${words.map((word) => {
      const count = counts.get(word) ?? 0;
      const isChosen = chosen === word;
      return html`<button
        type="button"
        key=${word}
        class="tile tone-${toneOf(word)} ${count === 0 ? 'tile-none' : ''}"
        aria-pressed=${isChosen}
        onClick=${() => choose(isChosen ? '' : word)}
      >
        <span class="tile-count">${count.toLocaleString('en')}</span>
        <span class="tile-word"><${Icon} name=${toneOf(word)} size=${16} />${word}</span>
      </button>`;
    })}
  </div>`;
}
