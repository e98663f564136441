import type { RentalView } from '../../../core/view/rental-view.ts';
import { html, type Markup } from '../../html.ts';
import { CopyButton } from '../copy-button.ts';
import { Facts } from './facts.ts';

/** How to log in to the rental's current machine. */
export function ConnectionCard({ rental }: { rental: RentalView }): Markup {
  const { connection, phase } = rental.status;
  if (connection === null) return null;
  const { host, port, user, hostKey, command } = connection;
  return html`<section class="card" aria-labelledby="connection-title">
    <h2 id="connection-title">Log in</h2>
    ${
      phase !== 'Active' &&
      html`<p class="muted gap-below">This is where it was last. Access to the next machine will be shown here.</p>`
    }
    <p class="command">
      <code>${command}</code>
      <${CopyButton} text=${command} what="the command" />
    </p>
    <p class="muted small gap-above">
      or <code>orion ssh ${rental.name}</code>, which finds its current machine and checks the host key. Add
      ${' '}<code>-i KEYFILE</code> with the private half of its key.
    </p>
    <details class="gap-above">
      <summary>Address and host key</summary>
      <${Facts} facts=${[
        ['Host', html`<code>${host}</code>`],
        ['Port', html`<code>${port}</code>`],
        ['User', html`<code>${user}</code>`],
        ['Host key', hostKey && html`<code>${hostKey}</code>`],
      ]} />
    </details>
  </section>`;
}
