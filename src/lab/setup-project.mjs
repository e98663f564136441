// The steps inside the checkout: npm packages from the lockfile, and the build.
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHECKOUT, runStep, say, withLock } from './setup-steps.mjs';

const MODULES = join(CHECKOUT, 'node_modules');
const DIST = join(CHECKOUT, 'dist');
const PAGE = join('src', 'dashboard');

export async function installNpmPackages() {
  const lockfile = join(CHECKOUT, 'package-lock.json');
  const stampPath = join(MODULES, '.orion-stamp');
  // Packages may hold programs for one kind of machine, so a copied folder is not trusted.
  const stamp = hashOf([lockfile, join(CHECKOUT, 'package.json')], `${process.platform} ${process.arch}`);
  if (isStamped(stampPath, stamp)) return;
  await withLock(CHECKOUT, async () => {
    if (isStamped(stampPath, stamp)) return;
    if (!isInstalledByHand(lockfile)) {
      say('Installing the npm packages of package-lock.json');
      const [command, args] = npm(['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']);
      await runStep({ id: 'npm', name: 'Installing npm packages' }, command, args);
    }
    writeFileSync(stampPath, stamp);
  });
}

/** True if somebody ran npm ci or npm install after the lockfile last changed. */
function isInstalledByHand(lockfile) {
  const installed = join(MODULES, '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs;
}

/** The npm that runs this script, or else the one in the path. */
function npm(args) {
  const path = process.env.npm_execpath;
  return path?.endsWith('.js') && path.includes('npm') ? [process.execPath, [path, ...args]] : ['npm', args];
}

export async function buildProject() {
  const stampPath = join(DIST, '.orion-stamp');
  const inputs = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) =>
    join(CHECKOUT, name),
  );
  const compute = () => hashOf([...inputs, ...listSources(join(CHECKOUT, 'src'))], '');
  if (isStamped(stampPath, compute())) return;
  await withLock(CHECKOUT, async () => {
    const stamp = compute();
    if (isStamped(stampPath, stamp)) return;
    say('Building');
    const compiler = join(MODULES, 'typescript', 'bin', 'tsc');
    const step = { id: 'build', name: 'The build' };
    // The dashboard runs in a browser, not in Node.js, so it has a configuration of its own.
    for (const config of ['tsconfig.build.json', join(PAGE, 'tsconfig.build.json')]) {
      await runStep(step, process.execPath, [compiler, '-p', join(CHECKOUT, config)]);
    }
    cpSync(join(CHECKOUT, PAGE, 'static'), join(DIST, 'dashboard', 'static'), { recursive: true });
    const entry = join(DIST, 'cli', 'orion.js');
    if (existsSync(entry)) chmodSync(entry, 0o755);
    writeFileSync(stampPath, stamp);
  });
}

function listSources(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(ts|css|svg|json)$/.test(name) && !name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort();
}

function hashOf(paths, salt) {
  const hash = createHash('sha256').update(salt);
  for (const path of paths) hash.update(`\0${path}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

function isStamped(path, stamp) {
  return existsSync(path) && readFileSync(path, 'utf8') === stamp;
}
