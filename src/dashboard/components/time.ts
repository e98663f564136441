import { clock } from '../clock.ts';
import { html, type Markup } from '../html.ts';
import { agoText, clockText } from '../time-text.ts';
import { useValue } from '../use-value.ts';

/** How long ago, or in how long. The tooltip gives the exact time. */
export function Ago({ at }: { at: string | null }): Markup {
  const now = useValue(clock);
  if (at === null) return html`<span class="muted">–</span>`;
  return html`<time dateTime=${at} title=${new Date(at).toLocaleString()}>${agoText(at, now)}</time>`;
}

export function ClockTime({ at }: { at: string }): Markup {
  return html`<time dateTime=${at} title=${new Date(at).toLocaleString()}>${clockText(at, Date.now())}</time>`;
}
