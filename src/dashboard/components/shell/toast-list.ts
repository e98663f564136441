import { html, type Markup } from '../../html.ts';
import { dismiss, toasts } from '../../toasts.ts';
import { useValue } from '../../use-value.ts';
import { Icon } from '../icon.ts';

export function Toasts(): Markup {
  const all = useValue(toasts);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${all.map(
      ({ id, tone, text, detail }) => html`<div class="toast toast-${tone}" key=${id}>
        <${Icon} name=${tone === 'good' ? 'active' : 'alarm'} />
        <div>
          <p>${text}</p>
          ${detail && html`<p class="small">${detail}</p>`}
        </div>
        <button type="button" class="button quiet icon-only" aria-label="Dismiss" onClick=${() => dismiss(id)}>
          <${Icon} name="close" size=${16} />
        </button>
      </div>`,
    )}
  </div>`;
}
