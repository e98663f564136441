import { call } from '../../call.ts';
import { html, type Markup } from '../../html.ts';
import { nodes, rentals } from '../../live.ts';
import { currentOverride, reachOf, reachText } from '../../override.ts';
import { pool, writePool } from '../../pool-live.ts';
import type { PoolState } from '../../pool-state.ts';
import { useValue } from '../../use-value.ts';
import { ConfirmButton, type Question } from './confirm-button.ts';

// What an administrator can request of Orion as a whole.

const ask = (what: string, body?: object) =>
  writePool(() => call<PoolState>('POST', `/api/pool/${what}`, body));

export function PauseButton(): Markup {
  const state = useValue(pool);
  if (state === null || state.pause !== null) return null;
  const question: Question = {
    title: 'Pause Orion?',
    text: html`<p>Nothing new begins on any machine, no rental is moved, and no access ends until somebody resumes it.</p>
      <p class="gap-above">Machines are still probed, and running work finishes. Requests are accepted, and wait. Leases
        still end on the machines themselves.</p>`,
    confirm: 'Pause',
    reason: { isRequired: true, hint: 'shown to clients whose requests wait' },
  };
  return html`<${ConfirmButton} label="Pause Orion" hint="Start nothing new until it is resumed" question=${question}
    act=${(reason: string) => ask('pause', { reason })} done="Orion is paused" />`;
}

export function ResumeButton(): Markup {
  return html`<${ConfirmButton} label="Resume" hint="Carry out everything that waits" act=${() => ask('resume')} done="Orion is resumed" />`;
}

/** Shown only while some node is dead and no override is pending. */
export function OverrideButton(): Markup {
  const state = useValue(pool);
  const reach = reachOf(useValue(nodes.items).values(), useValue(rentals.items).values());
  if (state === null || reach.dead.length === 0 || currentOverride(state)?.used === false) return null;
  const question: Question = {
    title: 'Move them anyway?',
    text: html`<p>${reachText(reach)}</p>
      <p class="gap-above">What clients have there stays there: if the machines are not gone after all, it is lost. The
        breaker stays open, and rentals on machines that die later are held.</p>
      ${state.pause !== null && html`<p class="gap-above">Orion is paused: no rental is moved until it is resumed.</p>`}`,
    confirm: 'Move them',
    isDangerous: true,
    reason: { isRequired: true, hint: 'kept in the history' },
    agree: 'I know that these machines are really gone',
  };
  return html`<${ConfirmButton} label="Move them anyway, once" question=${question}
    act=${(reason: string) => ask('override-breaker', { reason, confirm: true })} done="The override is requested" />`;
}
