import { html, type Markup } from '../html.ts';

/** Silhouettes that are distinct from far away, and signs for buttons; 24 by 24. */
const PATHS: Record<string, string> = {
  // states of a node
  free: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm0 4a5 5 0 1 1 0 10 5 5 0 0 1 0-10Z',
  rented: 'M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3Z',
  taken: 'M6 3h12a3 3 0 0 1 3 3v12a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V6a3 3 0 0 1 3-3Zm1 4v10h10V7Z',
  working: 'M12 2.5 22.5 21h-21Z',
  cleaning: 'M12 2s-7 8.2-7 13a7 7 0 0 0 14 0c0-4.8-7-13-7-13Z',
  quarantined: 'M12 1 23 12 12 23 1 12Zm-1.3 5.5v7h2.6v-7Zm0 8.7v2.6h2.6v-2.6Z',
  dead: 'M5.6 2.5 12 8.9l6.4-6.4 3.1 3.1L15.1 12l6.4 6.4-3.1 3.1L12 15.1l-6.4 6.4-3.1-3.1L8.9 12 2.5 5.6Z',
  unknown:
    'M10.5 17.5h3V21h-3Zm-4-10C6.8 4.7 9 3 12 3c3.2 0 5.5 1.9 5.5 4.8 0 2.2-1.2 3.3-2.4 4.3-1.1.9-1.6 1.4-1.6 2.9h-3c0-2.6 1.2-3.9 2.5-5 1-.8 1.5-1.3 1.5-2.2C14.5 6.7 13.5 6 12 6s-2.4.7-2.6 2Z',
  // phases of a rental
  waiting: 'M5 2h14v3l-5 7 5 7v3H5v-3l5-7-5-7Zm3.2 3L12 10.2 15.8 5Z',
  active: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Zm-1.4 13.5-4-4 1.9-1.9 2.1 2.1 5-5 1.9 1.9Z',
  migrating: 'M2 9.5h11V4l9 8-9 8v-5.5H2Z',
  // buttons
  plus: 'M10.5 4h3v6.5H20v3h-6.5V20h-3v-6.5H4v-3h6.5Z',
  close: 'm6.3 4.2 5.7 5.7 5.7-5.7 2.1 2.1-5.7 5.7 5.7 5.7-2.1 2.1-5.7-5.7-5.7 5.7-2.1-2.1 5.7-5.7-5.7-5.7Z',
  copy: 'M8 2h10a2 2 0 0 1 2 2v12h-2.5V4.5H8ZM6 6h8a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2Z',
  download: 'M10.5 3h3v8h4L12 17 6.5 11h4ZM4 18.5h16V21H4Z',
  search:
    'M10 3a7 7 0 0 1 5.6 11.2l5 5-1.9 1.9-5-5A7 7 0 1 1 10 3Zm0 2.7a4.3 4.3 0 1 0 0 8.6 4.3 4.3 0 0 0 0-8.6Z',
  light:
    'M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10ZM10.8 1h2.4v4h-2.4Zm0 18h2.4v4h-2.4ZM1 10.8h4v2.4H1Zm18 0h4v2.4h-4ZM4.9 3.2l2.8 2.8L6 7.7 3.2 4.9Zm13.1 13 2.8 2.9-1.7 1.7-2.8-2.8ZM19.1 3.2l1.7 1.7L18 7.7 16.3 6ZM6 16.3 7.7 18l-2.8 2.8-1.7-1.7Z',
  dark: 'M14.5 2.5A9.7 9.7 0 1 0 21.5 15 8 8 0 0 1 14.5 2.5Z',
  system:
    'M3 4h18a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-7.5v2H17v2H7v-2h3.5v-2H3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1Zm1.5 2.5v8h15v-8Z',
  paused: 'M6 3h4.5v18H6Zm7.5 0H18v18h-4.5Z',
  alarm: 'M12 1.5 23.5 21.5H.5ZM10.7 8.5V15h2.6V8.5Zm0 8v2.6h2.6v-2.6Z',
};

/** Hidden from screen readers: its meaning is always beside it in words. */
export function Icon({ name, size = 20 }: { name: string; size?: number }): Markup {
  return html`<svg
    class="icon"
    viewBox="0 0 24 24"
    width=${size}
    height=${size}
    aria-hidden="true"
    focusable="false"
  >
    <path fill="currentColor" fill-rule="evenodd" d=${PATHS[name] ?? PATHS.unknown} />
  </svg>`;
}
