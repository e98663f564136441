import { useEffect } from 'preact/hooks';
import { useLoaded } from './components/hooks/use-loaded.ts';
import { Shell } from './components/shell/shell.ts';
import { Failure, Loading } from './components/states.ts';
import { html, type Markup } from './html.ts';
import { startLive } from './live.ts';
import { EventsPage } from './pages/events-page.ts';
import { FleetPage } from './pages/fleet-page.ts';
import { NodePage } from './pages/node-page.ts';
import { QualityPage } from './pages/quality-page.ts';
import { QueuePage } from './pages/queue-page.ts';
import { RentalPage } from './pages/rental-page.ts';
import { RentalsPage } from './pages/rentals-page.ts';
import { SignInPage } from './pages/sign-in-page.ts';
import type { Route } from './route.ts';
import { place } from './router.ts';
import { resumeSession, sessionState } from './session.ts';
import { useValue } from './use-value.ts';

/** The pause between attempts to learn who is signed in. */
const AGAIN_MS = 3_000;

export function App(): Markup {
  const state = useValue(sessionState);
  const asked = useLoaded(resumeSession, []);
  useEffect(() => {
    // Orion may just be starting; nobody should have to press a button for that.
    if (asked.problem === null) return;
    const timer = setTimeout(asked.again, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [asked.problem]);
  const signedInAs = state.kind === 'signedIn' ? state.session.token.id : null;
  useEffect(() => {
    if (signedInAs === null) return;
    const over = new AbortController();
    startLive(over.signal);
    return () => over.abort();
  }, [signedInAs]);

  if (state.kind === 'signedIn') return html`<${Shell} session=${state.session}><${CurrentPage} /><//>`;
  if (state.kind === 'signedOut') return html`<${SignInPage} wasSignedIn=${state.wasSignedIn} />`;
  return html`<main class="alone">
    ${asked.problem ? html`<${Failure} problem=${asked.problem} again=${asked.again} />` : html`<${Loading} />`}
  </main>`;
}

const TITLES: Record<Route['page'], string> = {
  fleet: 'Fleet',
  node: 'Node',
  rentals: 'Rentals',
  rental: 'Rental',
  queue: 'Queue',
  events: 'Events',
  quality: 'Quality of service',
  unknown: 'Not found',
};

function CurrentPage(): Markup {
  const { route, path } = useValue(place);
  useEffect(() => {
    const about = route.page === 'node' ? `${route.name} · ` : '';
    document.title = `${about}${TITLES[route.page]} · Orion`;
  }, [path]);
  switch (route.page) {
    case 'fleet':
      return html`<${FleetPage} />`;
    case 'node':
      return html`<${NodePage} key=${route.name} name=${route.name} />`;
    case 'rentals':
      return html`<${RentalsPage} />`;
    case 'rental':
      return html`<${RentalPage} key=${route.id} id=${route.id} />`;
    case 'queue':
      return html`<${QueuePage} />`;
    case 'events':
      return html`<${EventsPage} />`;
    case 'quality':
      return html`<${QualityPage} />`;
    case 'unknown':
      return html`<div class="empty">
        <h1>There is nothing at this address</h1>
        <p><a href="/">Go to the fleet</a></p>
      </div>`;
  }
}
