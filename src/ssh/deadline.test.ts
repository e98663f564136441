import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { waitFor, withDeadline } from './deadline.ts';
import { Aborted, TimedOut } from './failure.ts';

const never = () => undefined;

it('ends what waits when the time is over', async () => {
  await expect(withDeadline(5, [], (signal) => waitFor([signal], never))).rejects.toBeInstanceOf(TimedOut);
});

it('ends with any of its parents, also one that has ended before', async () => {
  const parent = new AbortController();
  const waiting = withDeadline(600_000, [parent.signal], (signal) => waitFor([signal], never));
  parent.abort();
  await expect(waiting).rejects.toBeInstanceOf(Aborted);
  await expect(
    withDeadline(600_000, [parent.signal], (signal) => waitFor([signal], never)),
  ).rejects.toBeInstanceOf(Aborted);
});

it('an inner deadline passes the reason of the outer one on', async () => {
  const result = withDeadline(5, [], (outer) =>
    withDeadline(600_000, [outer], (inner) => waitFor([inner], never)),
  );
  await expect(result).rejects.toBeInstanceOf(TimedOut);
});

it('ends what still runs when the work is over', async () => {
  let left: Promise<unknown> = Promise.resolve();
  await withDeadline(600_000, [], async (signal) => {
    left = waitFor([signal], never).catch((error: unknown) => error);
  });
  expect(await left).toBeInstanceOf(Aborted);
});

it('makes a rejection of a synchronous throw, and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const throwing = waitFor([signal], () => {
    throw new Error('Not connected');
  });
  await expect(throwing).rejects.toThrow('Not connected');
  await waitFor<void>([signal], (resolve) => resolve());
  await withDeadline(1_000, [signal], async () => undefined);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('reads first what arrived while this process stood still', async () => {
  const result = withDeadline(20, [], (signal) =>
    waitFor<string>([signal], (resolve) => {
      setTimeout(() => setImmediate(() => resolve('answer')), 1);
      // Stalls the event loop past both times, as on an overloaded machine.
      const until = performance.now() + 50;
      while (performance.now() < until);
    }),
  );
  expect(await result).toBe('answer');
});
