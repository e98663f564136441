import { html, type Markup } from '../../html.ts';

/** As the API takes it. */
const LONGEST = 200;

/** Why an operator does something, in a line that is kept and shown to whoever meets it. */
export function ReasonField({
  value,
  change,
  isRequired,
  hint,
}: {
  value: string;
  change: (reason: string) => void;
  isRequired: boolean;
  hint: string;
}): Markup {
  return html`<label class="field">
    <span>Reason <span class="muted">(${hint})</span></span>
    <input
      type="text"
      name="reason"
      maxlength=${LONGEST}
      required=${isRequired}
      pattern=${isRequired ? '.*\\S.*' : undefined}
      title=${isRequired ? 'Some words' : undefined}
      autocomplete="off"
      autofocus
      value=${value}
      onInput=${(event: InputEvent) => change((event.target as HTMLInputElement).value)}
    />
  </label>`;
}
