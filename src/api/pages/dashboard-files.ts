import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file that browsers may load. */
export interface PageFile {
  type: string;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface DashboardFiles {
  /** SHA-256 over all files, shortened. It is part of each address, so browsers may cache the files forever. */
  version: string;
  /** In the order in which they were found; the first one starts the page. */
  modules: string[];
  styles: string[];
  /** By the last segment of their address. */
  files: ReadonlyMap<string, PageFile>;
}

/** Where the build puts the page. The path is the same from src/ and from dist/. */
const BUILT = fileURLToPath(new URL('../../../dist', import.meta.url));
const ENTRY = 'dashboard/main.js';
const STATIC = 'dashboard/static';

/** The packages that the page uses, each with its file for browsers. */
const PACKAGES = {
  preact: 'preact/dist/preact.mjs',
  'preact/hooks': 'preact/hooks/dist/hooks.mjs',
  htm: 'htm/dist/htm.module.js',
} as const;
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

const TYPES: Record<string, string> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** An import at the start of a line, where compilers put it. Elsewhere it would be mere text. */
const IMPORT = /^((?:import|export)\b[^'"`;]*?\bfrom\s*|import\s*)(["'])([^"'\s]+)\2/gm;

/**
 * Loads the page's own module and everything that it imports, and nothing else of the build. Browsers don't know
 * package names, so each is replaced with an address. An import map would have to be inline, where no script is
 * allowed.
 */
export async function readDashboardFiles(built = BUILT, packages = MODULES): Promise<DashboardFiles> {
  const files = new Map<string, PageFile>();
  const modules: string[] = [];

  /** `path` is relative to the build's folder, or the name of a package. */
  async function addModule(path: string): Promise<void> {
    const name = addressOf(path);
    if (files.has(name)) return;
    modules.push(name);
    const imported: string[] = [];
    const source = await readFile(
      isPackage(path) ? join(packages, PACKAGES[path]) : join(built, path),
      'utf8',
    );
    const text = source
      .replace(/^\/\/# sourceMappingURL=.*$/m, '')
      .replace(IMPORT, (_whole, keyword: string, quote: string, specifier: string) => {
        const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : specifier;
        if (target === specifier && !isPackage(target)) throw new Error(`${path} imports ${specifier}`);
        imported.push(target);
        return `${keyword}${quote}./${addressOf(target)}${quote}`;
      });
    files.set(name, fileOf('.js', Buffer.from(text)));
    for (const target of imported) await addModule(target);
  }

  await addModule(ENTRY);
  const styles: string[] = [];
  for (const name of (await readdir(join(built, STATIC))).toSorted()) {
    const ending = name.slice(name.lastIndexOf('.'));
    if (!Object.hasOwn(TYPES, ending)) continue;
    files.set(name, fileOf(ending, await readFile(join(built, STATIC, name))));
    if (ending === '.css') styles.push(name);
  }
  return { version: hashOf(files), modules, styles, files };
}

function isPackage(specifier: string): specifier is keyof typeof PACKAGES {
  return Object.hasOwn(PACKAGES, specifier);
}

/** All files are side by side under one address: `dashboard/pages/fleet.js` becomes `dashboard.pages.fleet.js`. */
function addressOf(path: string): string {
  return isPackage(path) ? `${path.replaceAll('/', '.')}.package.js` : path.replaceAll('/', '.');
}

function fileOf(ending: string, bytes: Buffer): PageFile {
  return { type: TYPES[ending] as string, bytes: new Uint8Array(bytes) };
}

function hashOf(files: ReadonlyMap<string, PageFile>): string {
  const hash = createHash('sha256');
  for (const [name, { bytes }] of files) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex').slice(0, 16);
}
