import { useState } from 'preact/hooks';
import { call, type Page } from '../../call.ts';
import { type EventView, mergeEvents } from '../../event-look.ts';
import { events } from '../../live.ts';
import { type Problem, problemOf } from '../../problem.ts';
import { useValue } from '../../use-value.ts';
import { type Loaded, useLoaded } from './use-loaded.ts';

const PAGE = 100;

export interface History {
  /** Newest first: what was loaded, and what happened since. */
  events: EventView[];
  first: Loaded<unknown>;
  /** Null: there is nothing older. */
  loadOlder: (() => void) | null;
  isLoadingOlder: boolean;
  olderProblem: Problem | null;
}

/** The history of a rental, a node or everything, kept up to date. */
export function useHistory(about: { rental?: string; node?: string; type?: string }): History {
  const query = new URLSearchParams({ order: 'desc', limit: String(PAGE), ...about }).toString();
  const [older, setOlder] = useState<{ query: string; pages: Page<EventView>[] }>({ query, pages: [] });
  const [isLoadingOlder, setLoadingOlder] = useState(false);
  const [olderProblem, setOlderProblem] = useState<Problem | null>(null);
  const load = (cursor: string, signal?: AbortSignal) =>
    call<Page<EventView>>('GET', `/api/events?${query}${cursor}`, undefined, signal ? { signal } : {});
  const first = useLoaded((signal) => load('', signal), [query]);

  const pages = older.query === query ? older.pages : [];
  const last = pages.at(-1) ?? first.value;
  const isAbout = ({ rental, node, type }: EventView) =>
    (about.rental === undefined || rental === about.rental) &&
    (about.node === undefined || node === about.node) &&
    (about.type === undefined || type === about.type);
  const live = useValue(events).filter(isAbout);
  const loaded = [first.value, ...pages].flatMap((page) => page?.items ?? []).filter(isAbout);
  const cursor = last?.nextCursor ?? null;

  function loadOlder(): void {
    setLoadingOlder(true);
    setOlderProblem(null);
    load(`&cursor=${cursor}`)
      .then(
        (page) => setOlder({ query, pages: [...pages, page] }),
        (thrown: unknown) => setOlderProblem(problemOf(thrown)),
      )
      .finally(() => setLoadingOlder(false));
  }
  return {
    events: mergeEvents(loaded, live),
    first,
    loadOlder: cursor === null ? null : loadOlder,
    isLoadingOlder,
    olderProblem,
  };
}
