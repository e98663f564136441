import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Which imports each part may have (docs/architecture.md). A part is a folder in src/, without the parts within it, or a
 * file beside the folders. Tests and fixtures may import more.
 */
const RULES: Record<string, { folders: string[]; packages: string[] }> = {
  core: { folders: [], packages: ['xstate'] },
  reconcile: { folders: ['core'], packages: ['p-limit', 'tinyqueue', 'node:crypto'] },
  api: {
    folders: ['core', 'secrets'],
    packages: ['hono', '@hono/node-server', '@hono/zod-openapi', 'zod', 'node:*'],
  },
  store: { folders: ['core'], packages: ['drizzle-orm', 'mysql2', 'node:*'] },
  ssh: { folders: ['core'], packages: ['ssh2', 'node:*'] },
  playbook: { folders: ['core'], packages: ['execa', 'zod', 'node:*'] },
  inventory: { folders: ['core'], packages: ['yaml', 'zod', 'node:*'] },
  notify: { folders: ['core'], packages: ['node:*'] },
  secrets: { folders: ['core'], packages: ['node:*'] },
  dashboard: { folders: ['core', 'client/protocol'], packages: ['preact', 'htm'] },
  // API users can copy this folder as it is.
  client: { folders: ['client/protocol'], packages: ['node:*'] },
  // Runs in browsers as well.
  'client/protocol': { folders: [], packages: [] },
  // Talks to the API through `client`, except for the commands that work on the database or start the daemon.
  cli: {
    folders: [
      'client',
      'client/protocol',
      'core',
      'inventory',
      'secrets',
      'store',
      'lab',
      'daemon',
      'config',
      'main.ts',
    ],
    packages: ['commander', 'yaml', 'zod', 'node:*'],
  },
  daemon: {
    folders: ['core', 'store', 'notify', 'secrets', 'config'],
    packages: ['pino', 'pino-pretty', 'prom-client', 'node:*'],
  },
  config: { folders: ['core', 'secrets'], packages: ['zod', 'node:*'] },
  'main.ts': {
    folders: [
      'core',
      'api',
      'inventory',
      'playbook',
      'reconcile',
      'secrets',
      'ssh',
      'store',
      'daemon',
      'config',
    ],
    packages: ['node:*'],
  },
  // Tools: nothing in the product needs them, except the lab commands.
  lab: {
    folders: ['core', 'cli', 'inventory', 'daemon'],
    packages: ['commander', 'execa', 'p-limit', 'node:*'],
  },
  simulation: { folders: ['core', 'reconcile'], packages: ['node:*'] },
};

/** The folders of core, lowest floor first. Each imports only from floors below its own. */
const FLOORS = [
  ['text'],
  ['failure'],
  ['model'],
  ['view'],
  ['history'],
  ['tenant', 'health', 'qos'],
  ['scheduling'],
  ['ports', 'fleet'],
  ['node', 'rental'],
];
/** Packages that only one folder, or one file beside the folders, may import. */
const OWNERS: Record<string, string> = {
  'drizzle-orm': 'store',
  mysql2: 'store',
  ssh2: 'ssh',
  'prom-client': 'daemon/metrics.ts',
};

interface Import {
  file: string;
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

/** The innermost part that holds the file; undefined: no rule knows it. */
function partOf(file: string): string | undefined {
  const parts = Object.keys(RULES).filter((part) => `${file}/`.startsWith(`${part}/`));
  return parts.toSorted((a, b) => b.length - a.length)[0];
}

function isAllowed({ file, specifier, target }: Import): boolean {
  const part = partOf(file);
  const rule = RULES[part ?? ''];
  if (part === undefined || rule === undefined) return false;
  if (target !== null) return [part, ...rule.folders].includes(partOf(target) ?? '');
  if (specifier.startsWith('node:') && rule.packages.includes('node:*')) return true;
  return rule.packages.includes(packageOf(specifier));
}

describe('the walls between the folders', () => {
  it('sees imports at all', () => {
    expect(imports.length).toBeGreaterThan(100);
    const target = (path: string) => ({ specifier: `../${path}`, target: path });
    expect(isAllowed({ file: 'core/x.ts', specifier: 'node:fs', target: null })).toBe(false);
    expect(isAllowed({ file: 'api/x.ts', ...target('store/connection/pool.ts') })).toBe(false);
    expect(isAllowed({ file: 'client/protocol/x.ts', specifier: 'node:http', target: null })).toBe(false);
    expect(isAllowed({ file: 'client/protocol/x.ts', ...target('client/http.ts') })).toBe(false);
    expect(isAllowed({ file: 'dashboard/x.ts', ...target('client/client.ts') })).toBe(false);
    expect(isAllowed({ file: 'dashboard/x.ts', ...target('client/protocol/watch.ts') })).toBe(true);
  });

  it('stand: each folder imports only what it may', () => {
    expect(
      imports.filter((entry) => !isAllowed(entry)).map(({ file, specifier }) => `${file} -> ${specifier}`),
    ).toEqual([]);
  });

  it('stand in core, too: each room imports from floors below its own', () => {
    const floorOf = (path: string) =>
      FLOORS.findIndex((rooms) => rooms.includes(path.split('/')[1] as string));
    const inCore = imports.filter(({ file, target }) => partOf(file) === 'core' && target !== null);
    expect(inCore.length).toBeGreaterThan(100);
    const upward = inCore.filter(({ file, target }) => {
      const isSameRoom = dirname(file) === dirname(target as string);
      return floorOf(file) < 0 || (!isSameRoom && floorOf(file) <= floorOf(target as string));
    });
    expect(upward.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('keep each driver in one room', () => {
    const strays = imports.filter(({ specifier, file }) => {
      const owner = OWNERS[packageOf(specifier)];
      return owner !== undefined && owner !== partOf(file) && owner !== file;
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
