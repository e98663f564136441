import { html, type Markup } from '../html.ts';
import { tell, tellProblem } from '../toasts.ts';
import { Icon } from './icon.ts';

export function CopyButton({ text, what }: { text: string; what: string }): Markup {
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => tell(`Copied ${what}`),
      (thrown: unknown) => tellProblem(`The browser did not allow copying ${what}`, thrown),
    );
  return html`<button type="button" class="button quiet icon-only" title="Copy ${what}" aria-label="Copy ${what}" onClick=${copy}>
    <${Icon} name="copy" size=${18} />
  </button>`;
}
