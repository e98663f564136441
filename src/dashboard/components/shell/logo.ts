import { html, type Markup } from '../../html.ts';

/** The seven stars. */
export function Logo({ size }: { size: number }): Markup {
  return html`<svg class="logo" viewBox="0 0 32 32" width=${size} height=${size} aria-hidden="true">
    <path
      d="M8 5 12 15.5 9 27M24 6l-4 8.5L23.5 26M12 15.5l4-.5 4-.5"
      fill="none"
      stroke="currentColor"
      stroke-width="1.3"
      opacity="0.55"
    />
    <g fill="currentColor">
      <circle cx="8" cy="5" r="2.8" />
      <circle cx="24" cy="6" r="2.2" />
      <circle cx="12" cy="15.5" r="2" />
      <circle cx="16" cy="15" r="2" />
      <circle cx="20" cy="14.5" r="2" />
      <circle cx="9" cy="27" r="2.2" />
      <circle cx="23.5" cy="26" r="2.8" />
    </g>
  </svg>`;
}
