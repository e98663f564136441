import { html, type Markup } from '../../html.ts';
import { labelsText } from '../../words.ts';

/** Names with their values. Empty values are left out. */
export function Facts({ facts }: { facts: [name: string, value: Markup][] }): Markup {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return html`<dl class="facts">
    ${known.map(([name, value]) => html`<dt key=${`${name}-name`}>${name}</dt><dd key=${name}>${value}</dd>`)}
  </dl>`;
}

export function Labels({ labels, none = 'none' }: { labels: Record<string, string>; none?: string }): Markup {
  const texts = labelsText(labels);
  if (texts.length === 0) return html`<span class="muted">${none}</span>`;
  return html`<span class="tags">${texts.map((text) => html`<span class="tag" key=${text}>${text}</span>`)}</span>`;
}
