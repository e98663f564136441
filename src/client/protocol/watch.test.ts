import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError } from './errors.ts';
import { type FollowOptions, follow } from './watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Body = AsyncIterable<Uint8Array> | null;
type Answer = (signal: AbortSignal) => Body | Promise<Body>;

/** Follows a server with these answers, each for one connection. The last one ends the watch. */
function open(answers: Answer[], options: Partial<FollowOptions> = {}) {
  const asked: (string | undefined)[] = [];
  const steps: string[] = [];
  const signal = new AbortController().signal;
  const server = async (headers: Record<string, string>, line: AbortSignal) => {
    asked.push(headers['last-event-id']);
    const answer = answers[asked.length - 1];
    return answer === undefined ? null : answer(line);
  };
  const run = (async () => {
    for await (const step of follow(server, { signal, ...options })) {
      if (step.kind === 'lost' && step.error) steps.push(`lost: ${(step.error as Error).message}`);
      else steps.push(step.kind === 'object' ? JSON.stringify(step.object) : step.kind);
    }
  })();
  return { asked, steps, run };
}

const says = (text: string): Answer =>
  async function* () {
    yield new TextEncoder().encode(text);
  };
/** Says nothing more after this, and does not end. */
const fallsSilent = (text: string): Answer =>
  async function* (signal) {
    yield new TextEncoder().encode(text);
    await new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('cut'))));
  };
const refuses =
  (status: number, retryAfter?: string): Answer =>
  () => {
    throw new ApiError(status, 'No', null, retryAfter);
  };
const node = (id: number, name: string) => `event: node\nid: ${id}\ndata: "${name}"\n\n`;

test('a broken connection resumes after the last message', async () => {
  const { asked, steps, run } = open([
    says(`${node(7, 'a')}: synced\n\n${node(8, 'a')}`),
    says(node(9, 'b')),
  ]);
  await vi.runAllTimersAsync();
  await run;
  expect(asked).toEqual([undefined, '8', '9']);
  expect(steps).toEqual(['open', '"a"', 'synced', '"a"', 'lost', 'open', '"b"', 'lost']);
});

test('but not from the middle of the first objects, which all have the same id', async () => {
  const { asked, run } = open([says(node(7, 'a')), says(`${node(7, 'a')}${node(7, 'b')}: synced\n\n`)]);
  await vi.runAllTimersAsync();
  await run;
  expect(asked).toEqual([undefined, undefined, '7']);
});

test('it begins where the caller wishes, and what carries no object is passed over', async () => {
  const { asked, steps, run } = open([says(`: still here\n\nevent: notice\nid: 4\ndata: 1\n\n`)], {
    lastId: '3',
  });
  await vi.runAllTimersAsync();
  await run;
  expect(asked).toEqual(['3', '4']);
  expect(steps).toEqual(['open', 'lost']);
});

test.each([400, 401, 403, 404])('a refusal with %d is final', async (status) => {
  const { asked, run } = open([says(''), refuses(status)]);
  const refusal = expect(run).rejects.toMatchObject({ name: 'ApiError', status });
  await vi.runAllTimersAsync();
  await refusal;
  expect(asked).toHaveLength(2);
});

test.each([408, 429, 500, 503])(
  'one with %d is not, and a wish to be asked later is granted',
  async (status) => {
    const { asked, steps, run } = open([refuses(status, '10')]);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    await run;
    expect(asked).toHaveLength(2);
    expect(steps).toEqual([`lost: the server answered ${status} No`]);
  },
);

test('a silent connection is given up', async () => {
  const { steps, asked, run } = open([fallsSilent(': still here\n\n'), fallsSilent('')]);
  await vi.advanceTimersByTimeAsync(39_900);
  expect(steps).toEqual(['open']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(steps).toEqual(['open', 'lost: cut', 'open']);
  await vi.runAllTimersAsync();
  await run;
  expect(asked).toHaveLength(3);
});

test('one that only says that it is there is not', async () => {
  const { steps, run } = open([
    async function* () {
      for (let beat = 0; beat < 5; beat++) {
        yield new TextEncoder().encode(': still here\n\n');
        await new Promise((done) => setTimeout(done, 15_000));
      }
    },
  ]);
  await vi.advanceTimersByTimeAsync(74_000);
  expect(steps).toEqual(['open']);
  await vi.runAllTimersAsync();
  await run;
  expect(steps).toEqual(['open', 'lost']);
});

test('the time that the caller takes is no silence of the server', async () => {
  const steps = follow(async (_, signal) => await says(`${node(1, 'a')}${node(1, 'b')}`)(signal), {
    signal: new AbortController().signal,
  });
  await steps.next();
  expect((await steps.next()).value).toMatchObject({ object: 'a' });
  await vi.advanceTimersByTimeAsync(100_000);
  expect((await steps.next()).value).toMatchObject({ object: 'b' });
  await steps.return(undefined);
});

test('an event ends the pause', async () => {
  const network = new EventTarget();
  const { asked, run } = open([refuses(503, '600')], { wakeOn: [[network, 'online']] });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
  network.dispatchEvent(new Event('online'));
  await run;
  expect(asked).toHaveLength(2);
});

test('the signal ends it, wherever it is', async () => {
  for (const answer of [fallsSilent(node(1, 'a')), refuses(503)]) {
    const stop = new AbortController();
    const { asked, run } = open([answer], { signal: stop.signal });
    await vi.advanceTimersByTimeAsync(100);
    stop.abort();
    await run;
    expect(asked).toHaveLength(1);
  }
});
