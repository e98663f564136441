import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkout, createCheckout, ROOT } from './checkout.ts';
import { readShellBlocks } from './readme.ts';

/** A checkout in which everything is up as the README says, and an administrator is signed in. */
export interface System extends Checkout {
  /** The command line, as `./bin/orion WORDS`. */
  orion(words: string, timeoutMs?: number): Promise<string>;
  /** The machine on which the client of a rental lands at login. */
  whereIs(rental: string): Promise<string>;
  isFree(node: string): Promise<void>;
}

export const CHAPTER = 'With Docker';

export async function startSystem(): Promise<System> {
  const checkout = await createCheckout();
  try {
    // Already built by the command that started these tests.
    for (const name of ['node_modules', 'dist']) await symlink(join(ROOT, name), join(checkout.folder, name));
    const [start = '', commandLine = ''] = await readShellBlocks(checkout.folder, CHAPTER);
    const settings = commandLine.split('\n').filter((line) => /root\.crt|ORION_URL/.test(line));
    await keepSettings(checkout, [start, ...settings].join('\n'));
    return withCommands(checkout);
  } catch (error) {
    await checkout.close();
    throw error;
  }
}

/** Runs a script, and passes what it exported to later ones. */
export async function keepSettings(checkout: Checkout, script: string): Promise<string> {
  const printed = await checkout.run(
    `${script}\necho; env --null | grep --null-data ^ORION_ | tr '\\0' '\\n'`,
    {
      timeoutMs: 1_200_000,
    },
  );
  const settings = [...printed.matchAll(/^(ORION_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  checkout.set(Object.fromEntries(settings));
  return printed;
}

export function withCommands(checkout: Checkout): System {
  const orion = (words: string, timeoutMs = 180_000) => checkout.run(`./bin/orion ${words}`, { timeoutMs });
  return {
    ...checkout,
    orion,
    whereIs: (rental) => orion(`ssh ${rental} -- hostname`),
    isFree: async (node) => void (await orion(`wait node/${node} --for free --timeout 3m`)),
  };
}
