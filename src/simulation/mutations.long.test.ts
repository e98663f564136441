import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MUTATIONS } from '../../vitest.mutations.ts';

/** How many histories the simulation may need to notice that a guard is gone. */
const WITHIN = 500;

/** Loads the simulation with one guard taken out of one of Orion's files. */
async function loadWithout(name: string) {
  const { file } = MUTATIONS[name] as (typeof MUTATIONS)[string];
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url));
  vi.resetModules();
  vi.doMock(path, () => import(/* @vite-ignore */ `${path}?without=${encodeURIComponent(name)}`));
  return { ...(await import('./campaign.ts')), path };
}

describe('the simulation notices when one guard is taken out', () => {
  let mocked = '';
  afterEach(() => vi.doUnmock(mocked));

  it.each(Object.keys(MUTATIONS))('%s', async (name) => {
    const { runCampaign, path } = await loadWithout(name);
    mocked = path;
    const { failures, histories } = await runCampaign({ from: 1, count: WITHIN });
    console.log(`without "${name}": history ${histories}: ${failures[0]?.violation?.split('\n')[0]}`);
    expect(failures).toHaveLength(1);
  });
});
