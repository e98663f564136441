import { html, type Markup } from '../../html.ts';

/** The API's limit, in characters. */
const LONGEST = 200;

/** An operator's reason for an action, in one line. It is stored and shown to everyone whom the action affects. */
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
