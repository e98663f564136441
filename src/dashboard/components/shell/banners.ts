import { html, type Markup } from '../../html.ts';
import { rentals } from '../../live.ts';
import { currentOverride, overrideText } from '../../override.ts';
import { pool } from '../../pool-live.ts';
import { type Banner, bannersOf, pauseToldBy } from '../../pool-state.ts';
import { isAdmin } from '../../session.ts';
import { useValue } from '../../use-value.ts';
import { OverrideButton, ResumeButton } from '../actions/pool-actions.ts';
import { Icon } from '../icon.ts';
import { Ago } from '../time.ts';

export function Banners(): Markup {
  const state = useValue(pool);
  const told = useValue(rentals.items);
  const pause = state === null ? pauseToldBy(told.values()) : state.pause;
  const banners = bannersOf(state, pause);
  if (banners.length === 0) return null;
  return html`<section class="banners" aria-label="Notices">
    ${banners.map((banner) => html`<${Entry} key=${banner.kind} banner=${banner} />`)}
  </section>`;
}

function Entry({ banner: { kind, tone, title, text, since } }: { banner: Banner }): Markup {
  return html`<div class="banner banner-${tone}">
    <${Icon} name=${kind === 'paused' ? 'paused' : 'alarm'} size=${24} />
    <div class="banner-text">
      <div role="alert">
        <p class="banner-title">${title}</p>
        <p>${text}</p>
        ${kind === 'breaker' && html`<${Overridden} />`}
      </div>
      ${since && html`<p class="banner-since">${kind === 'paused' ? 'paused' : 'opened'} <${Ago} at=${since} /></p>`}
    </div>
    ${isAdmin() && html`<div class="actions"><${kind === 'paused' ? ResumeButton : OverrideButton} /></div>`}
  </div>`;
}

/** Says so if an administrator has overridden the breaker. */
function Overridden(): Markup {
  const override = currentOverride(useValue(pool));
  return override && html`<p class="banner-override">${overrideText(override)}</p>`;
}
