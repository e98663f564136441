// Prints the packages that a build of Orion ships with, as CycloneDX, from the lockfile alone. `npm sbom --omit dev`
// also leaves out packages that a development tool needs as well (such as yaml), so npm gets a copy of the manifest
// without the tools.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { devDependencies: _, ...manifest } = read('package.json');
const lock = read('package-lock.json');
lock.packages = Object.fromEntries(Object.entries(lock.packages).filter(([, { dev }]) => dev !== true));
lock.packages[''] = manifest;

const scratch = mkdtempSync(join(tmpdir(), 'orion-sbom-'));
// npm takes the project's name from its folder.
const folder = join(scratch, 'orion');
try {
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  execFileSync('npm', args, { cwd: folder, stdio: 'inherit', timeout: 60_000 });
} finally {
  rmSync(scratch, { recursive: true });
}
