import { html, type Markup } from '../../html.ts';
import { liveState } from '../../live.ts';
import { useValue } from '../../use-value.ts';
import type { WatchState } from '../../watch.ts';

const WORDS: Record<WatchState, [word: string, meaning: string]> = {
  live: ['Live', 'The page is up to date'],
  connecting: ['Connecting', 'The page is loading'],
  reconnecting: ['Reconnecting', 'The page may be out of date; it catches up by itself'],
  ended: ['Not live', 'No more updates will come; reload the page'],
};

/** Shows whether the page is up to date. */
export function LiveSign(): Markup {
  const state = useValue(liveState);
  const [word, meaning] = WORDS[state];
  return html`<span class="live live-${state}" role="status" title=${meaning}>
    <span class="live-dot" aria-hidden="true"></span>${word}
  </span>`;
}
