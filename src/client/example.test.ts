import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ApiBench, createApiBench } from '../api/api.fixture.ts';
import { useMachine } from './example.ts';

// Runs the example that the README shows to API users. It is the file next to this one, type-checked with the rest.

let bench: ApiBench;
let server: ReturnType<typeof createAdaptorServer>;
const stop = new AbortController();

beforeEach(async () => {
  bench = await createApiBench();
  server = createAdaptorServer({ fetch: bench.app.fetch });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  vi.stubEnv('ORION_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('ORION_TOKEN', bench.tokens.anna);
  vi.stubEnv('ORION_CA', undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  bench.watch.close();
  await new Promise((closed) => server.close(closed));
});

/** Waits for the only rental to meet the condition and returns its id. */
async function found(isSo: (rental: { releaseRequestedAt: Date | null }) => boolean): Promise<string> {
  return await vi.waitUntil(
    async () => {
      const page = { limit: 1, cursor: null, includeEnded: true };
      const [rental] = (await bench.store.listRentals('anna', page)).items;
      return rental && isSo(rental) ? rental.id : false;
    },
    { timeout: 60_000 },
  );
}

test('the README shows it as it is', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const text = readFileSync(new URL('./example.ts', import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${text}\`\`\``);
});

test('it rents, watches, releases, and ends with the rental', async () => {
  const lines: string[] = [];
  const run = useMachine(stop.signal, (line) => lines.push(line));
  const id = await found(() => true);
  bench.store.setStatus(id, 'rental.active', { phase: 'Active' });
  await found(({ releaseRequestedAt }) => releaseRequestedAt !== null);
  bench.store.setStatus(id, 'rental.released', { phase: 'Released', endedAt: new Date() });
  await run;
  expect(lines[1]).toMatch(/^Active on /);
  expect(lines.at(-1)).toMatch(/^Released on /);
});

test('it tells what it was refused', async () => {
  vi.stubEnv('ORION_TOKEN', 'none');
  const lines: string[] = [];
  await useMachine(stop.signal, (line) => lines.push(line));
  expect(lines).toEqual(['refused (unauthorized): send a valid token as Authorization: Bearer …']);
});
