import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));

/** Licences that only require attribution. A person must review any other before it is added here. */
const PERMISSIVE = new Set(['MIT', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'Unlicense']);

interface Locked {
  version: string;
  dev?: boolean;
  optional?: boolean;
}

const lock: { packages: Record<string, Locked> } = readJson('package-lock.json');
/** What a build ships with, by its folder. */
const shipped = Object.entries(lock.packages).filter(
  ([folder, { dev, optional }]) => folder !== '' && dev !== true && optional !== true,
);

function readJson(path: string) {
  return JSON.parse(readFileSync(join(CHECKOUT, path), 'utf8'));
}

/** Older packages say `licenses: [{ type }]`. */
function licenceOf(folder: string): string {
  const { license, licenses } = readJson(join(folder, 'package.json'));
  return license ?? licenses?.[0]?.type ?? 'none';
}

test('every package that Orion ships with has a permissive licence', () => {
  expect(shipped.length).toBeGreaterThan(50);
  const others = shipped.filter(([folder]) => !PERMISSIVE.has(licenceOf(folder)));
  expect(others.map(([folder]) => `${folder}: ${licenceOf(folder)}`)).toEqual([]);
});

test('the bill of materials names every package that Orion ships with, and none of the tools', () => {
  const [command, ...args] = readJson('package.json').scripts.sbom.split(' ');
  const bill = JSON.parse(execFileSync(command, args, { cwd: CHECKOUT, encoding: 'utf8', timeout: 60_000 }));
  const named = new Set(bill.components.map(({ purl }: { purl: string }) => decodeURIComponent(purl)));
  const purlOf = (folder: string, { version }: Locked) =>
    `pkg:npm/${folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${version}`;
  expect(shipped.filter(([folder, locked]) => !named.has(purlOf(folder, locked)))).toEqual([]);
  expect([...named].filter((purl) => String(purl).startsWith('pkg:npm/vitest@'))).toEqual([]);
});
