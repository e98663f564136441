import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApiBench } from '../api.fixture.ts';
import { readDescription } from '../description/checked-app.fixture.ts';
import { createAnswerCheck } from '../description/described.fixture.ts';
import { listCalls } from '../description/description.fixture.ts';
import { type FuzzBench, openFuzzBench } from './bench.fixture.ts';
import { createRequests } from './request.fixture.ts';

/** Calls that nothing seeded ever allows. */
const NEVER_DONE = ['POST /api/nodes/{name}/forget'];

/**
 * Sends every kind of request to every call of the description, from every kind of caller. Each answer must be one
 * that the description allows, and never an internal error.
 */
export async function fuzzEveryCall(options: { runs: number; seed?: number }): Promise<void> {
  const description = await readDescription((await createApiBench()).app.request);
  const check = createAnswerCheck(description);
  const calls = listCalls(description);
  let bench: FuzzBench;
  beforeAll(async () => {
    bench = await openFuzzBench();
  });
  afterAll(() => bench?.close());

  test.each(calls)('$name', async (call) => {
    const statuses = new Map<number, number>();
    const requests = createRequests(description, call, bench.hintsFor(call.path));
    const property = fc.asyncProperty(requests, async (request) => {
      const answer = await bench.send(request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      if (answer.status >= 500) throw new Error(`${answer.status}: ${answer.text}`);
      check(answer);
    });
    const { runs: numRuns, seed } = options;
    await fc.assert(property, { numRuns, ...(seed === undefined ? {} : { seed }) });
    // Otherwise every request might have been refused before it reached the call.
    if (!NEVER_DONE.includes(call.name)) {
      expect(
        [...statuses.keys()].some((status) => status < 300),
        `${[...statuses]}`,
      ).toBe(true);
    }
  });
}
