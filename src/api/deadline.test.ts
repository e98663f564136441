import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { collectGarbage } from '../project/garbage.fixture.ts';
import { withDeadline } from './deadline.ts';

test('the deadline fires, whatever is collected before', async () => {
  const signal = withDeadline(new AbortController().signal, 100);
  const aborted = once(signal, 'abort');
  await turn();
  collectGarbage();
  await aborted;
  expect(signal.aborted).toBe(true);
});

test('the signal fires before the deadline', () => {
  const asked = new AbortController();
  const signal = withDeadline(asked.signal, 60_000);
  asked.abort();
  expect(signal.aborted).toBe(true);
});
