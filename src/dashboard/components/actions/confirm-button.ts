import { useState } from 'preact/hooks';
import { html, type Markup } from '../../html.ts';
import type { Problem } from '../../problem.ts';
import { problemOf } from '../../problem.ts';
import { tell } from '../../toasts.ts';
import { Dialog } from '../dialog.ts';
import { Failure } from '../states.ts';
import { ReasonField } from './reason-field.ts';

export interface Question {
  title: string;
  text: Markup;
  confirm: string;
  isDangerous?: boolean;
  /** `hint`: who will see the reason. */
  reason?: { isRequired: boolean; hint: string };
  /** The text of a checkbox that must be ticked first. */
  agree?: string;
}

export interface ConfirmProps {
  label: string;
  /** The tooltip: what the button does. */
  hint?: string;
  /** What the dialog asks. Without it the action runs at once. */
  question?: Question;
  /** `reason`: what was typed, if the question asks for one. */
  act: (reason: string) => Promise<unknown>;
  done: string;
  kind?: 'danger' | 'primary' | 'plain';
}

/** A button that acts on the fleet. It asks first where the action cannot be undone. */
export function ConfirmButton({ label, hint, question, act, done, kind = 'plain' }: ConfirmProps): Markup {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [reason, setReason] = useState('');

  async function run(): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      await act(reason.trim());
      setAsking(false);
      setReason('');
      tell(done);
    } catch (thrown) {
      setProblem(problemOf(thrown));
      setAsking(true);
    } finally {
      setBusy(false);
    }
  }
  const close = () => {
    setAsking(false);
    setProblem(null);
  };
  const begin = () => (question ? setAsking(true) : void run());
  const confirmKind = question?.isDangerous ? 'danger' : 'primary';
  return html`<button type="button" class="button ${kind}" title=${hint} disabled=${isBusy} onClick=${begin}>${label}</button>
    ${
      isAsking &&
      html`<${Dialog} title=${question?.title ?? label} close=${close}>
        <form
          class="dialog-body"
          onSubmit=${(event: Event) => {
            event.preventDefault();
            void run();
          }}
        >
          ${question && html`<div>${question.text}</div>`}
          ${
            question?.reason &&
            html`<${ReasonField} value=${reason} change=${setReason} ...${question.reason} />`
          }
          ${
            question?.agree &&
            html`<label class="check"><input type="checkbox" name="agree" required /><span>${question.agree}</span></label>`
          }
          ${problem && html`<${Failure} problem=${problem} />`}
          <div class="dialog-foot">
            <button type="button" class="button" onClick=${close}>Cancel</button>
            <button type="submit" class="button ${confirmKind}" disabled=${isBusy}>
              ${isBusy ? 'Working…' : (question?.confirm ?? 'Try again')}
            </button>
          </div>
        </form>
      <//>`
    }`;
}
