import { useMemo, useState } from 'preact/hooks';
import type { RentalView } from '../../../core/view/rental-view.ts';
import { call } from '../../call.ts';
import { html, type Markup } from '../../html.ts';
import { rentals } from '../../live.ts';
import { type Problem, problemOf } from '../../problem.ts';
import { EMPTY_FORM, type RentForm, rentRequestOf } from '../../rent-request.ts';
import { rentalPath } from '../../route.ts';
import { navigate } from '../../router.ts';
import { tell } from '../../toasts.ts';
import { Dialog } from '../dialog.ts';
import { Failure } from '../states.ts';
import { NewKey } from './new-key.ts';
import { RentFields } from './rent-fields.ts';

type Rented = RentalView & { privateKey?: string };

/** Requests a machine. If a key pair was made for it, the dialog then shows the private half, once. */
export function RentDialog({ close }: { close: () => void }): Markup {
  const [form, setForm] = useState<RentForm>(EMPTY_FORM);
  const [hasOwnKey, setOwnKey] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [made, setMade] = useState<Rented | null>(null);
  // The same form sent twice, because the answer was lost, makes one rental. A changed form is a new request.
  const sent = rentRequestOf(hasOwnKey ? form : { ...form, sshPublicKey: '' });
  const repeatKey = useMemo(() => crypto.randomUUID(), [JSON.stringify(sent)]);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const { path, body, deadlineMs } = sent;
    try {
      const rented = await call<Rented>('POST', path, body, {
        deadlineMs,
        headers: { 'Idempotency-Key': repeatKey },
      });
      const { privateKey: _, ...rental } = rented;
      // Shown at once; from here on the watch keeps it up to date.
      rentals.replace(undefined, rental);
      navigate(rentalPath(rental.id));
      if (rented.privateKey !== undefined) return setMade(rented);
      close();
      tell(`${rental.name} was requested`);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    } finally {
      setBusy(false);
    }
  }

  if (made?.privateKey !== undefined) {
    return html`<${NewKey} name=${made.name} privateKey=${made.privateKey} close=${close} />`;
  }
  return html`<${Dialog} title="Rent a machine" close=${close} mayClose=${!isBusy}>
    <form class="dialog-body" onSubmit=${submit}>
      <${RentFields} form=${form} change=${(changes: Partial<RentForm>) => setForm({ ...form, ...changes })}
        hasOwnKey=${hasOwnKey} setOwnKey=${setOwnKey} />
      ${problem && html`<${Failure} problem=${problem} />`}
      <div class="dialog-foot">
        <button type="button" class="button" disabled=${isBusy} onClick=${close}>Cancel</button>
        <button type="submit" class="button primary" disabled=${isBusy}>${isBusy ? 'Requesting…' : 'Rent'}</button>
      </div>
    </form>
  <//>`;
}
