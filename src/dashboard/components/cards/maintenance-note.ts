import type { NodeView } from '../../../core/view/node-view.ts';
import { html, type Markup } from '../../html.ts';
import { maintenanceOf } from '../../maintenance.ts';
import { Icon } from '../icon.ts';
import { Ago } from '../time.ts';

/** Why a node is kept from clients, by whom, and since when. */
export function MaintenanceNote({ node }: { node: NodeView }): Markup {
  const maintenance = maintenanceOf(node);
  if (maintenance === null) return null;
  const { title, reason, by, at } = maintenance;
  return html`<section class="callout tone-quarantined maintenance" aria-label="Maintenance">
    <${Icon} name="paused" />
    <div>
      <p><strong>${title}</strong></p>
      <p>${reason}</p>
      <p class="muted small">by ${by} · <${Ago} at=${at} /></p>
    </div>
  </section>`;
}
