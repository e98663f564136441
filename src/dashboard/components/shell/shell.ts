import type { Session } from '../../../client/protocol/operations.ts';
import { html, type Markup } from '../../html.ts';
import { place } from '../../router.ts';
import { signOut } from '../../session.ts';
import { tellProblem } from '../../toasts.ts';
import { useValue } from '../../use-value.ts';
import { RentButton } from '../actions/rent-button.ts';
import { Announcer } from './announcer.ts';
import { Banners } from './banners.ts';
import { LiveSign } from './live-sign.ts';
import { Logo } from './logo.ts';
import { ThemeButton } from './theme-button.ts';
import { Toasts } from './toast-list.ts';

const LINKS: [path: string, word: string, pages: string[]][] = [
  ['/', 'Fleet', ['fleet', 'node']],
  ['/rentals', 'Rentals', ['rentals', 'rental']],
  ['/queue', 'Queue', ['queue']],
  ['/events', 'Events', ['events']],
  ['/quality', 'Quality', ['quality']],
];

/** The frame around every page. */
export function Shell({ session, children }: { session: Session; children?: Markup }): Markup {
  const { route } = useValue(place);
  const leave = () => signOut().catch((thrown: unknown) => tellProblem('You are still signed in', thrown));
  return html`
    <a class="skip" href="#content">Skip to the content</a>
    <header class="bar">
      <a class="brand" href="/"><${Logo} size=${28} /><span>Orion</span></a>
      <nav aria-label="Pages">
        ${LINKS.map(
          ([path, word, pages]) =>
            html`<a
              key=${path}
              href=${path}
              class="tab"
              aria-current=${pages.includes(route.page) ? 'page' : undefined}
              >${word}</a
            >`,
        )}
      </nav>
      <div class="bar-end">
        <${LiveSign} />
        <${RentButton} />
        <${ThemeButton} />
        <div class="account">
          <span class="account-name" title="Token ${session.token.name ?? session.token.id}"
            >${session.tenant}<span class="muted"> · ${session.role === 'admin' ? 'administrator' : 'tenant'}</span></span
          >
          <button type="button" class="button quiet" onClick=${leave}>Sign out</button>
        </div>
      </div>
    </header>
    <${Banners} />
    <main id="content" tabindex="-1">${children}</main>
    <${Toasts} />
    <${Announcer} />
  `;
}
