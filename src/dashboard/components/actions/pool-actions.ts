import { call } from '../../call.ts';
import { html, type Markup } from '../../html.ts';
import { nodes, rentals } from '../../live.ts';
import { currentOverride, reachOf, reachText } from '../../override.ts';
import { pool, putPool } from '../../pool-live.ts';
import type { PoolState } from '../../pool-state.ts';
import { useValue } from '../../use-value.ts';
import { ConfirmButton, type Question } from './confirm-button.ts';

// What an administrator can request of Orion as a whole.

const ask = async (what: string, body?: object) =>
  putPool(await call<PoolState>('POST', `/api/pool/${what}`, body));

export function PauseButton(): Markup {
  const state = useValue(pool);
  if (state === null || state.pause !== null) return null;
  const question: Question = {
    title: 'Pause Orion?',
    text: html`<p>Nothing new is begun on any machine, nobody is moved, and no access ends until somebody resumes it.</p>
      <p class="gap-above">Machines are still watched, and what runs comes to its end. Requests are accepted, and wait. Leases
        still end on the machines themselves.</p>`,
    confirm: 'Pause',
    reason: { isRequired: true, hint: 'clients whose requests wait see it, too' },
  };
  return html`<${ConfirmButton} label="Pause Orion" hint="Begin nothing new until it is resumed" question=${question}
    act=${(reason: string) => ask('pause', { reason })} done="Orion is paused" />`;
}

export function ResumeButton(): Markup {
  return html`<${ConfirmButton} label="Resume" hint="Whatever waits is seen to" act=${() => ask('resume')} done="Orion goes on" />`;
}

/** Shown only while some node is dead and no override is pending. */
export function OverrideButton(): Markup {
  const state = useValue(pool);
  const reach = reachOf(useValue(nodes.items).values(), useValue(rentals.items).values());
  if (state === null || reach.dead.length === 0 || currentOverride(state)?.used === false) return null;
  const question: Question = {
    title: 'Move them all the same?',
    text: html`<p>${reachText(reach)}</p>
      <p class="gap-above">What they have there stays there: should the machines not be gone after all, they lose it. The
        breaker stays open, and clients of machines that die later are held.</p>
      ${state.pause !== null && html`<p class="gap-above">Orion is paused: nobody is moved before it goes on.</p>`}`,
    ...{ confirm: 'Move them', isDangerous: true },
    reason: { isRequired: true, hint: 'kept in the history' },
    agree: 'I know that these machines are really gone',
  };
  return html`<${ConfirmButton} label="Move them all the same, once" question=${question}
    act=${(reason: string) => ask('override-breaker', { reason, confirm: true })} done="An override is asked for" />`;
}
