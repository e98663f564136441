import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = dirname(dirname(fileURLToPath(import.meta.url)));

/** Who may import whom (docs/architecture.md): folders of src/ and packages. Tests may import more. */
const RULES: Record<string, { folders: string[]; packages: string[] }> = {
  core: { folders: [], packages: ['xstate'] },
  reconcile: { folders: ['core'], packages: ['p-limit', 'node:crypto'] },
  api: { folders: ['core'], packages: ['hono', '@hono/node-server', '@hono/zod-openapi', 'zod', 'node:*'] },
  store: { folders: ['core'], packages: ['drizzle-orm', 'mysql2', 'node:*'] },
  ssh: { folders: ['core'], packages: ['ssh2', 'node:*'] },
  playbook: { folders: ['core'], packages: ['execa', 'zod', 'node:*'] },
  inventory: { folders: ['core'], packages: ['yaml', 'zod', 'node:*'] },
  dashboard: { folders: ['core'], packages: ['preact', 'htm'] },
  notify: { folders: ['core'], packages: ['node:*'] },
  // Whoever scripts against the API can take this folder as it is.
  client: { folders: [], packages: ['node:*'] },
};
/** Packages that one folder, or one file beside the folders, alone may import. */
const OWNERS: Record<string, string> = {
  'drizzle-orm': 'store',
  mysql2: 'store',
  ssh2: 'ssh',
  'prom-client': 'daemon/metrics.ts',
};

interface Import {
  file: string;
  folder: string;
  specifier: string;
  /** Path from src/ for a relative import, else null. */
  target: string | null;
}

function listImports(): Import[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('.fixture.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(SRC, file), 'utf8');
      const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([@.\w][^'\\]*)'/g)].map(
        (match) => match[1] as string,
      );
      return specifiers.map((specifier) => ({
        file,
        folder: file.includes('/') ? (file.split('/')[0] as string) : '',
        specifier,
        target: specifier.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), specifier)) : null,
      }));
    });
}

const imports = listImports();
const packageOf = (specifier: string) =>
  specifier.startsWith('@')
    ? specifier.split('/').slice(0, 2).join('/')
    : (specifier.split('/')[0] as string);

function isAllowed({ folder, specifier, target }: Import): boolean {
  const rule = RULES[folder];
  if (!rule) return true;
  if (target !== null) return [folder, ...rule.folders].includes(target.split('/')[0] as string);
  if (specifier.startsWith('node:') && rule.packages.includes('node:*')) return true;
  return rule.packages.includes(packageOf(specifier));
}

describe('the walls between the folders', () => {
  it('sees imports at all', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(isAllowed({ file: 'core/x.ts', folder: 'core', specifier: 'node:fs', target: null })).toBe(false);
    expect(
      isAllowed({
        file: 'api/x.ts',
        folder: 'api',
        specifier: '../store/pool.ts',
        target: 'store/connection/pool.ts',
      }),
    ).toBe(false);
  });

  it('stand: each folder imports only what it may', () => {
    expect(
      imports.filter((entry) => !isAllowed(entry)).map(({ file, specifier }) => `${file} -> ${specifier}`),
    ).toEqual([]);
  });

  it('keep each driver in one room', () => {
    const strays = imports.filter(({ specifier, folder, file }) => {
      const owner = OWNERS[packageOf(specifier)];
      return owner !== undefined && owner !== folder && owner !== file;
    });
    expect(strays.map(({ file, specifier }) => `${file} -> ${specifier}`)).toEqual([]);
  });

  it('keep the core free of clocks, chance, waiting and the outside', () => {
    const impure = readdirSync(join(SRC, 'core'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .filter((file) =>
        /\basync\b|\bawait\b|Date\.now|new Date\(\)|Math\.random|setTimeout|process\./.test(
          readFileSync(join(SRC, 'core', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
      );
    expect(impure).toEqual([]);
  });

  it('leave no cycle between files', () => {
    const edges = new Map<string, string[]>();
    for (const { file, target } of imports) if (target) edges.set(file, [...(edges.get(file) ?? []), target]);
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      else if (!done.has(file)) {
        for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
        done.add(file);
      }
    };
    for (const file of edges.keys()) visit(file, []);
    expect(cycles).toEqual([]);
  });
});
