import { useState } from 'preact/hooks';
import { html, type Markup } from '../../html.ts';
import { Icon } from '../icon.ts';
import { RentDialog } from './rent-dialog.ts';

export function RentButton(): Markup {
  const [isOpen, setOpen] = useState(false);
  return html`<button type="button" class="button primary" aria-label="Rent a machine" onClick=${() => setOpen(true)}>
      <${Icon} name="plus" size=${16} /><span class="rent-word">Rent a machine</span>
    </button>
    ${isOpen && html`<${RentDialog} close=${() => setOpen(false)} />`}`;
}
