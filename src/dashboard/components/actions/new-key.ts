import { useState } from 'preact/hooks';
import { html, type Markup } from '../../html.ts';
import { tellProblem } from '../../toasts.ts';
import { Dialog } from '../dialog.ts';
import { Icon } from '../icon.ts';

/** Shows the private half of a new key pair. It is stored nowhere, so it must not be dismissed unread. */
export function NewKey({
  name,
  privateKey,
  close,
}: {
  name: string;
  privateKey: string;
  close: () => void;
}): Markup {
  const [isSaved, setSaved] = useState(false);
  const file = `${name}.key`;
  const download = () => {
    saveFile(file, privateKey);
    setSaved(true);
  };
  const copy = () =>
    navigator.clipboard.writeText(privateKey).then(
      () => setSaved(true),
      (thrown: unknown) => tellProblem('The browser did not allow copying the key', thrown),
    );
  return html`<${Dialog} title="Your private key" close=${close} mayClose=${isSaved}>
    <div class="dialog-body">
      <p>It is shown only once, and Orion does not keep it. Save it where nobody else can read it:</p>
      <pre class="key" tabindex="0" aria-label="Private key">${privateKey}</pre>
      <p class="command"><code>chmod 600 ${file}</code></p>
      <div class="actions">
        <button type="button" class="button primary" autofocus onClick=${download}>
          <${Icon} name="download" size=${16} />Save as ${file}
        </button>
        <button type="button" class="button" onClick=${copy}><${Icon} name="copy" size=${16} />Copy</button>
      </div>
      <div class="dialog-foot">
        <button type="button" class=${`button ${isSaved ? 'primary' : ''}`} onClick=${close}>
          ${isSaved ? 'Done' : 'I have it, continue'}
        </button>
      </div>
    </div>
  <//>`;
}

function saveFile(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
