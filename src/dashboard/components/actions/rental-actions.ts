import { useState } from 'preact/hooks';
import type { RentalView } from '../../../core/view/rental-view.ts';
import { call } from '../../call.ts';
import { html, type Markup } from '../../html.ts';
import { rentals } from '../../live.ts';
import { type Problem, problemOf } from '../../problem.ts';
import { isOpen } from '../../rental-look.ts';
import { rentalPath } from '../../route.ts';
import { tell } from '../../toasts.ts';
import { Dialog } from '../dialog.ts';
import { Failure } from '../states.ts';
import { ConfirmButton } from './confirm-button.ts';

export function RentalActions({ rental }: { rental: RentalView }): Markup {
  if (!isOpen(rental)) return null;
  const question = {
    title: `Release ${rental.name}?`,
    text: html`<p>Access ends, and everything on the machine is erased. This cannot be undone.</p>`,
    confirm: 'Release',
    isDangerous: true,
  };
  const act = () => call('DELETE', `/api${rentalPath(rental.id)}`);
  return html`<div class="actions">
    ${rental.status.expiresAt !== null && html`<${RenewButton} rental=${rental} />`}
    <${ConfirmButton} label="Release" question=${question} act=${act} done=${`${rental.name} is being released`} kind="danger" />
  </div>`;
}

function RenewButton({ rental }: { rental: RentalView }): Markup {
  const [isOpenNow, setOpen] = useState(false);
  return html`<button type="button" class="button" onClick=${() => setOpen(true)}>Renew</button>
    ${isOpenNow && html`<${RenewDialog} rental=${rental} close=${() => setOpen(false)} />`}`;
}

function RenewDialog({ rental, close }: { rental: RentalView; close: () => void }): Markup {
  const [ttl, setTtl] = useState(rental.spec.ttl);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      rentals.replace(
        rental,
        await call<RentalView>('PATCH', `/api${rentalPath(rental.id)}`, { ttl: ttl.trim() }),
      );
      close();
      tell(`${rental.name} was renewed`);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    } finally {
      setBusy(false);
    }
  }
  return html`<${Dialog} title=${`Renew ${rental.name}`} close=${close}>
    <form class="dialog-body" onSubmit=${submit}>
      <label class="field">
        <span>For how long from now <span class="muted">(30m, 6h, …)</span></span>
        <input name="ttl" required autocomplete="off" autofocus value=${ttl}
          onInput=${(event: Event) => setTtl((event.target as HTMLInputElement).value)} />
      </label>
      ${problem && html`<${Failure} problem=${problem} />`}
      <div class="dialog-foot">
        <button type="button" class="button" onClick=${close}>Cancel</button>
        <button type="submit" class="button primary" disabled=${isBusy}>Renew</button>
      </div>
    </form>
  <//>`;
}
