import { html, type Markup } from '../../html.ts';

/** What the marks of a chart mean, in stacking order. */
export function Legend({ entries }: { entries: readonly (readonly [mark: string, word: string])[] }): Markup {
  return html`<ul class="legend">
    ${entries.map(
      ([mark, word]) => html`<li key=${word}>
        <svg width="14" height="14" aria-hidden="true"><rect class=${mark} width="14" height="14" rx="2" /></svg>${word}
      </li>`,
    )}
  </ul>`;
}
