import { createValue } from './observable.ts';
import { parseRoute, type Route } from './route.ts';

export interface Place {
  path: string;
  route: Route;
  query: URLSearchParams;
}

/** The current page. It is kept in the address, so it can be reloaded, shared, and left with the back button. */
export const place = createValue<Place>(read());

function read(): Place {
  const { pathname, search } = window.location;
  return { path: pathname + search, route: parseRoute(pathname), query: new URLSearchParams(search) };
}

export function navigate(path: string, how: 'push' | 'replace' = 'push'): void {
  if (path === place.get().path) return;
  if (how === 'push') {
    window.history.pushState(null, '', path);
    window.scrollTo(0, 0);
  } else window.history.replaceState(null, '', path);
  place.set(read());
}

/** Changes the filters of a page without a step for the back button. Empty values are left out. */
export function setQuery(changes: Record<string, string>): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(window.location.pathname + (text ? `?${text}` : ''), 'replace');
}

/** Links stay ordinary links, which can be opened in a new tab. A plain click stays in this page. */
export function startRouter(): void {
  window.addEventListener('popstate', () => place.set(read()));
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download')) return;
    if (link.origin !== window.location.origin || parseRoute(link.pathname).page === 'unknown') return;
    if (link.hash !== '') return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
