import { createHash } from 'node:crypto';
import type { DashboardFiles } from './dashboard-files.ts';

/** Allows only the page's own files and calls. Inline scripts, inline styles and framing are all forbidden. */
export const DASHBOARD_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

export interface DashboardPage {
  html: string;
  /** Changes with the page. */
  etag: string;
}

/** One page for all of its addresses. The browser decides what it shows. */
export function createDashboardPage({ version, modules, styles }: DashboardFiles): DashboardPage {
  const at = (name: string) => `/assets/${version}/${name}`;
  const lines = [
    '<!doctype html>',
    '<html lang="en">',
    '  <head>',
    '    <meta charset="utf-8">',
    '    <meta name="viewport" content="width=device-width, initial-scale=1">',
    '    <meta name="color-scheme" content="light dark">',
    '    <title>Orion</title>',
    `    <link rel="icon" type="image/svg+xml" href="${at('icon.svg')}">`,
    ...styles.map((name) => `    <link rel="stylesheet" href="${at(name)}">`),
    // Preload all modules at once, instead of one round trip per level of imports.
    ...modules.map((name) => `    <link rel="modulepreload" href="${at(name)}">`),
    `    <script type="module" src="${at(modules[0] ?? '')}"></script>`,
    '  </head>',
    '  <body>',
    '    <div id="page"><noscript>The dashboard needs JavaScript. The API is described at /docs.</noscript></div>',
    '  </body>',
    '</html>',
    '',
  ];
  const html = lines.join('\n');
  return { html, etag: `"${createHash('sha256').update(html).digest('hex').slice(0, 24)}"` };
}
