import { useEffect, useRef } from 'preact/hooks';
import { html, type Markup } from '../html.ts';
import { Icon } from './icon.ts';

/** The browser's own dialog: it keeps the focus, closes with Escape, and gives the focus back. */
export function Dialog({
  title,
  close,
  mayClose = true,
  children,
}: {
  title: string;
  close: () => void;
  /** False while closing would lose something. */
  mayClose?: boolean;
  children?: Markup;
}): Markup {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const onCancel = (event: Event) => {
    event.preventDefault();
    if (mayClose) close();
  };
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="dialog-title" onCancel=${onCancel}>
    <div class="dialog-head">
      <h2 id="dialog-title">${title}</h2>
      ${
        mayClose &&
        html`<button type="button" class="button quiet icon-only" aria-label="Close" onClick=${close}>
          <${Icon} name="close" size=${18} />
        </button>`
      }
    </div>
    ${children}
  </dialog>`;
}
