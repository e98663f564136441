import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiBench, createApiBench } from '../api.fixture.ts';

let bench: ApiBench;
beforeEach(async () => {
  bench = await createApiBench();
});

const get = (path: string) => bench.app.request(path);
const root = new URL('../../../', import.meta.url);

describe('the page to read and try the API', () => {
  test('is made of files of this very server, each of which is there', async () => {
    const page = await get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(addresses).toHaveLength(5);
    for (const address of addresses) {
      expect(address).toMatch(/^\/docs\//);
      const file = await get(address);
      expect(file.status, address).toBe(200);
      expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect((await file.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
    expect(html).not.toMatch(/https?:/);
  });

  test('lets no script run but those files, and nobody frame it', async () => {
    const policy = (await get('/docs')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("connect-src 'self';");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('http');
    expect(await (await get('/docs')).text()).not.toMatch(/<script>|\son\w+=/);
  });

  test('serves nothing else of the library, nor of the disk', async () => {
    const [, base] = /src="(\/docs\/[^/]+)\//.exec(await (await get('/docs')).text()) ?? [];
    for (const path of ['package.json', 'index.html', '..%2f..%2fpackage.json', '%2e%2e', 'constructor']) {
      const response = await get(`${base}/${path}`);
      expect(response.status, path).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'not_found' });
    }
    expect((await get('/docs/0.0.0/start.js')).status).toBe(404);
  });

  test('comes with a library that tells nobody who installed it', () => {
    const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
    expect(manifest.scarfSettings).toEqual({ enabled: false });
  });
});
