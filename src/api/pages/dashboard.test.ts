import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { OpenAPIHono } from '@hono/zod-openapi';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { answerProblem } from '../problem.ts';
import { addDashboardRoutes } from '../routes/dashboard.ts';
import { readDashboardFiles } from './dashboard-files.ts';

const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
let home: string;
let packages: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'orion-page-'));
  packages = join(home, 'packages');
  await put({
    'dist/dashboard/main.js': `import { render } from 'preact';\nimport { App } from './components/app.js';\nimport "./theme.js";\n//# sourceMappingURL=main.js.map\n`,
    'dist/dashboard/components/app.js': `import { useState } from 'preact/hooks';\nimport { TYPES } from '../../core/event.js';\nexport const App = 'import x from "./no.js" is a text';`,
    'dist/dashboard/theme.js': 'export {};',
    'dist/core/event.js': 'export const TYPES = [];',
    'dist/core/secret.js': 'export {};',
    'dist/dashboard/static/2-base.css': 'body { margin: 0 }',
    'dist/dashboard/static/1-tokens.css': ':root { --a: 1px }',
    'dist/dashboard/static/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'dist/dashboard/static/notes.txt': 'not for browsers',
    'packages/preact/dist/preact.mjs': 'export const render = 1;',
    'packages/preact/hooks/dist/hooks.mjs':
      "import { options } from 'preact'; export const useState = options;",
  });
});
afterEach(() => rm(home, { recursive: true }));

async function put(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }
}
const read = () => readDashboardFiles(join(home, 'dist'), packages);
const textOf = ({ files }: Awaited<ReturnType<typeof read>>, name: string) =>
  Buffer.from(files.get(name)?.bytes ?? []).toString();

function open() {
  const app = new OpenAPIHono<AppEnv>();
  app.onError(answerProblem);
  app.use(async (c, next) => {
    c.set('logger', logger);
    await next();
  });
  let reads = 0;
  addDashboardRoutes(app, {} as ApiDeps, () => {
    reads++;
    return read();
  });
  return { get: (path: string, headers = {}) => app.request(path, { headers }), reads: () => reads };
}

describe("the page's files", () => {
  test('are its module and what that imports, the styles, and nothing else of the build', async () => {
    const page = await read();
    expect(page.modules).toEqual([
      'dashboard.main.js',
      'preact.package.js',
      'dashboard.components.app.js',
      'preact.hooks.package.js',
      'core.event.js',
      'dashboard.theme.js',
    ]);
    expect(page.styles).toEqual(['1-tokens.css', '2-base.css']);
    expect([...page.files.keys()]).toEqual([...page.modules, ...page.styles, 'icon.svg']);
  });

  test('import each other by address, without a map, whatever stands in their texts', async () => {
    const page = await read();
    expect(textOf(page, 'dashboard.main.js')).toBe(
      `import { render } from './preact.package.js';\nimport { App } from './dashboard.components.app.js';\nimport "./dashboard.theme.js";\n\n`,
    );
    expect(textOf(page, 'preact.hooks.package.js')).toContain("from './preact.package.js'");
  });

  test('have another version when one of them is another', async () => {
    const before = (await read()).version;
    expect((await read()).version).toBe(before);
    await put({ 'dist/core/event.js': 'export const TYPES = [1];' });
    expect((await read()).version).not.toBe(before);
  });

  test('cannot import what browsers are not given', async () => {
    await put({ 'dist/dashboard/theme.js': "import { z } from 'zod';" });
    await expect(read()).rejects.toThrow('dashboard/theme.js imports zod');
  });
});

describe('the page', () => {
  test('is the same at each of its addresses, and made of files that are all there', async () => {
    const { get, reads } = open();
    const html = await (await get('/')).text();
    for (const path of ['/nodes/w1', '/rentals', '/rentals/r_1', '/queue', '/events', '/quality']) {
      expect(await (await get(path)).text(), path).toBe(html);
    }
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(addresses).toHaveLength(10);
    for (const address of addresses) {
      const file = await get(address);
      expect(file.status, address).toBe(200);
      expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
    expect(reads()).toBe(1);
  });

  test('runs its own files and nothing else, and is in no frame', async () => {
    const page = await open().get('/');
    const policy = page.headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
    ]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toMatch(/unsafe|http|\*/);
    expect(await page.text()).not.toMatch(/<script>|<style|\sstyle=|\son\w+=|https?:/);
  });

  test('is not sent again to who has it', async () => {
    const { get } = open();
    const etag = (await get('/')).headers.get('etag') ?? '';
    expect((await get('/queue', { 'if-none-match': etag })).status).toBe(304);
    expect((await get('/', { 'if-none-match': '"older"' })).status).toBe(200);
  });

  test('gives away no other file, under no version but its own', async () => {
    const { get } = open();
    const version = (await read()).version;
    for (const file of ['core.secret.js', 'notes.txt', 'main.js', '..%2f..%2fpackage.json', 'constructor']) {
      expect((await get(`/assets/${version}/${file}`)).status, file).toBe(404);
    }
    expect((await get('/assets/older/icon.svg')).status).toBe(404);
  });

  test('is read once more after the first try failed', async () => {
    const { get, reads } = open();
    await rm(join(home, 'dist/dashboard/main.js'));
    expect((await get('/')).status).toBe(500);
    await put({ 'dist/dashboard/main.js': 'export {};' });
    expect((await get('/')).status).toBe(200);
    expect(reads()).toBe(2);
  });
});
