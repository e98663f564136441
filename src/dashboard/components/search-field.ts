import { html, type Markup } from '../html.ts';
import { Icon } from './icon.ts';

export function SearchField({
  label,
  placeholder,
  value,
  change,
}: {
  label: string;
  placeholder: string;
  value: string;
  change: (text: string) => void;
}): Markup {
  return html`<label class="search">
    <span class="unseen">${label}</span>
    <${Icon} name="search" size=${18} />
    <input type="search" placeholder=${placeholder} value=${value}
      onInput=${(event: InputEvent) => change((event.target as HTMLInputElement).value)} />
  </label>`;
}

export function SelectField({
  label,
  value,
  options,
  change,
}: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, word: string])[];
  change: (value: string) => void;
}): Markup {
  return html`<label class="inline-field">
    <span>${label}</span>
    <select value=${value} onChange=${(event: Event) => change((event.target as HTMLSelectElement).value)}>
      ${options.map(([each, word]) => html`<option key=${each} value=${each}>${word}</option>`)}
    </select>
  </label>`;
}
