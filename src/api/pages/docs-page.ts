import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A file of the page that shows and tries the API. */
export interface PageFile {
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What the page needs of swagger-ui-dist. It is served from where npm put it, so nothing comes from elsewhere. */
const TYPES = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
  'start.js': 'text/javascript; charset=utf-8',
  'start.css': 'text/css; charset=utf-8',
} as const;
type FileName = keyof typeof TYPES;

/** A separate file, because the policy below forbids inline scripts. */
const START = `const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/** Hides the column of links: it is empty and would not fit on a phone. What is too wide scrolls by itself. */
const STYLE = `.swagger-ui .response-col_links, .swagger-ui .responses-table .col_header:last-child { display: none }
.swagger-ui .responses-inner, .swagger-ui .parameters-container { overflow-x: auto }
`;

/** Made here; the other files are the library's. */
const OWN: Partial<Record<FileName, string>> = { 'start.js': START, 'start.css': STYLE };

/** Scripts and calls go only to this server. The library sets inline styles and embeds images in its style sheet. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export interface DocsPage {
  /** Part of the files' addresses, so that they may be cached forever. */
  version: string;
  html: string;
  /** Null when the page has no such file. */
  load(name: string): Promise<PageFile | null>;
}

/** `version` is Orion's. Together with the library's it identifies the files. */
export async function openDocsPage(version: string): Promise<DocsPage> {
  const manifest = createRequire(import.meta.url).resolve('swagger-ui-dist/package.json');
  const library = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  const name = `${version}-${library.version}`;
  const loaded = new Map<FileName, Uint8Array<ArrayBuffer>>();
  return {
    version: name,
    html: createHtml(`/docs/${name}`),
    async load(file) {
      if (!isFileName(file)) return null;
      const bytes = loaded.get(file) ?? (await read(dirname(manifest), file));
      loaded.set(file, bytes);
      return { type: TYPES[file], bytes };
    },
  };
}

function isFileName(name: string): name is FileName {
  return Object.hasOwn(TYPES, name);
}

async function read(folder: string, name: FileName): Promise<Uint8Array<ArrayBuffer>> {
  const own = OWN[name];
  return new Uint8Array(own === undefined ? await readFile(join(folder, name)) : Buffer.from(own));
}

function createHtml(base: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Orion API</title>
    <link rel="icon" type="image/png" href="${base}/favicon-32x32.png">
    <link rel="stylesheet" href="${base}/swagger-ui.css">
    <link rel="stylesheet" href="${base}/start.css">
  </head>
  <body>
    <div id="page"><noscript>This page needs JavaScript; the description itself is at /openapi.json.</noscript></div>
    <script src="${base}/swagger-ui-bundle.js"></script>
    <script src="${base}/start.js"></script>
  </body>
</html>
`;
}
