import { html, type Markup } from '../html.ts';
import { pool } from '../live.ts';
import { bannersOf } from '../pool-state.ts';
import { useValue } from '../use-value.ts';
import { Icon } from './icon.ts';
import { Ago } from './time.ts';

export function Banners(): Markup {
  const banners = bannersOf(useValue(pool));
  return html`<div class="banners" aria-live="assertive">
    ${banners.map(
      ({ tone, title, text, since }) => html`<div class="banner banner-${tone}" key=${title}>
        <${Icon} name="alarm" size=${24} />
        <div>
          <p class="banner-title">${title}</p>
          <p>${text}${since && html`<span class="banner-since"> · <${Ago} at=${since} /></span>`}</p>
        </div>
      </div>`,
    )}
  </div>`;
}
