import { html, type Markup } from '../html.ts';
import type { Problem } from '../problem.ts';
import { problemText } from '../toasts.ts';
import { Icon } from './icon.ts';

// Placeholders for content that is loading, empty or failed.

export function Loading({ what = 'Loading…' }: { what?: string }): Markup {
  return html`<p class="loading" role="status"><span class="spinner" aria-hidden="true"></span>${what}</p>`;
}

export function Empty({ title, children }: { title: string; children?: Markup }): Markup {
  return html`<div class="empty"><p class="empty-title">${title}</p>
    ${children}</div>`;
}

export function Failure({ problem, again }: { problem: Problem; again?: () => void }): Markup {
  return html`<div class="failure" role="alert">
    <${Icon} name="alarm" />
    <div>
      <p class="failure-title">${problem.title}</p>
      <p>${problem.errors.length > 0 ? problemText(problem) : problem.detail}</p>
      ${problem.requestId && html`<p class="muted small">Request ${problem.requestId}</p>`}
      ${again && html`<button type="button" class="button" onClick=${again}>Try again</button>`}
    </div>
  </div>`;
}
