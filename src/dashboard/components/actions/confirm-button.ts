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
  /** `hint`: who gets to read it. */
  reason?: { isRequired: boolean; hint: string };
  /** What has to be ticked first. */
  agree?: string;
}

export interface ConfirmProps {
  label: string;
  /** What it does, for whoever points at it. */
  hint?: string;
  /** What the dialog asks; none: it is done at once. */
  question?: Question;
  /** `reason`: what was typed, where the question asks for it. */
  act: (reason: string) => Promise<unknown>;
  done: string;
  kind?: 'danger' | 'primary' | 'plain';
}

/** A button that does something to the fleet, and asks first where that can't be taken back. */
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
