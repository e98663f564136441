import { html, type Markup } from '../../html.ts';
import { useHistory } from '../hooks/use-history.ts';
import { Empty, Failure, Loading } from '../states.ts';
import { EventList } from './event-list.ts';

/** What happened to one rental or node, newest first. */
export function History({ rental, node }: { rental?: string; node?: string }): Markup {
  const about = { ...(rental ? { rental } : {}), ...(node ? { node } : {}) };
  const history = useHistory(about);
  const { events, first, loadOlder, isLoadingOlder, olderProblem } = history;
  return html`<section class="card" aria-labelledby="history-title">
    <h2 id="history-title">History</h2>
    ${
      events.length > 0
        ? html`<${EventList} events=${events} about=${rental ? 'rental' : 'node'} />`
        : first.isLoading
          ? html`<${Loading} />`
          : !first.problem && html`<${Empty} title="Nothing has happened yet" />`
    }
    ${first.problem && html`<${Failure} problem=${first.problem} again=${first.again} />`}
    ${olderProblem && html`<${Failure} problem=${olderProblem} />`}
    ${
      loadOlder &&
      html`<button type="button" class="button" disabled=${isLoadingOlder} onClick=${loadOlder}>
        ${isLoadingOlder ? 'Loading…' : 'Show older'}
      </button>`
    }
  </section>`;
}
