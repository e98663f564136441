import type { NodeView } from '../../core/node-view.ts';
import { call } from '../call.ts';
import { html, type Markup } from '../html.ts';
import { nodes } from '../live.ts';
import { type NodeAction, nodeActionsOf } from '../node-actions.ts';
import { nodePath } from '../route.ts';
import { ConfirmButton } from './confirm-button.ts';

export function NodeActionBar({ node }: { node: NodeView }): Markup {
  const ask = async ({ kind }: NodeAction) => {
    const body = kind === 'trust' ? { fingerprint: node.status.offeredFingerprint } : undefined;
    nodes.put(await call<NodeView>('POST', `/api${nodePath(node.name)}/${kind}`, body));
  };
  return html`<div class="actions">
    ${nodeActionsOf(node).map((action) => {
      const { kind, label, text, done, isDangerous } = action;
      const question = isDangerous && {
        ...{ title: `${label}: ${node.name}`, text: html`<p>${text}</p>`, confirm: label },
        isDangerous: kind === 'forget',
      };
      return html`<${ConfirmButton} key=${kind} label=${label} hint=${text} question=${question || undefined}
        act=${() => ask(action)} done=${done} kind=${kind === 'forget' ? 'danger' : 'plain'} />`;
    })}
  </div>`;
}
