import type { NodeView } from '../../../core/view/node-view.ts';
import { call } from '../../call.ts';
import { html, type Markup } from '../../html.ts';
import { nodes } from '../../live.ts';
import { type NodeAction, nodeActionsOf } from '../../node-actions.ts';
import { nodePath } from '../../route.ts';
import { ConfirmButton } from './confirm-button.ts';

const WHY = { isRequired: false, hint: 'optional; shown with the node' };

export function NodeActionBar({ node }: { node: NodeView }): Markup {
  const ask = async ({ kind, asksWhy }: NodeAction, reason: string) => {
    const why = asksWhy && reason !== '' ? { reason } : undefined;
    const { offeredFingerprint: fingerprint, otherFleet: fleet } = node.status;
    const body = kind === 'trust' ? { fingerprint } : kind === 'adopt' ? { fleet } : why;
    nodes.replace(node, await call<NodeView>('POST', `/api${nodePath(node.name)}/${kind}`, body));
  };
  return html`<div class="actions">
    ${nodeActionsOf(node).map((action) => {
      const { kind, label, text, done, isDangerous, asksWhy } = action;
      const question = (isDangerous || asksWhy) && {
        title: `${label}: ${node.name}`,
        text: html`<p>${text}</p>`,
        confirm: label,
        isDangerous: kind === 'forget',
        reason: asksWhy ? WHY : undefined,
      };
      return html`<${ConfirmButton} key=${kind} label=${label} hint=${text} question=${question || undefined}
        act=${(reason: string) => ask(action, reason)} done=${done} kind=${kind === 'forget' ? 'danger' : 'plain'} />`;
    })}
  </div>`;
}
