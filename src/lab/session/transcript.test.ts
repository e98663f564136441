import { expect, test } from 'vitest';
import { createCast, isInterrupted, readTranscript, replaceTranscript, shapeOf } from './transcript.ts';

const DOCUMENT = `# Title

<!-- session: made by npm run record -->
\`\`\`console
$ orion rent
ssh -p 1 a@b
$ orion get rentals -w
NAME   PHASE
^C

\`\`\`
The end.
`;

test('a session is read from a document, and written back in its place', () => {
  const steps = readTranscript(DOCUMENT);
  expect(steps).toEqual([
    { command: 'orion rent', lines: ['ssh -p 1 a@b'] },
    { command: 'orion get rentals -w', lines: ['NAME   PHASE', '^C'] },
  ]);
  expect(steps.map(isInterrupted)).toEqual([false, true]);
  const other = replaceTranscript(DOCUMENT, [{ command: 'true', lines: [] }]);
  expect(other).toContain('npm run record -->\n```console\n$ true\n```\nThe end.\n');
  expect(() => readTranscript('# Title')).toThrow('has no session');
});

const shape = (...lines: string[]) => shapeOf(lines, createCast());

test('sessions at other times and on other nodes have the same shape', () => {
  const one = shape(
    'mine: ready in 0.6 s on worker_3, until 2026-11-24T20:12:37.655Z',
    'ssh -i /root/.local/state/orion/keys/r_m62ydttegzo5uimj -p 22223 r6ipbeupk@127.0.0.1',
    'mine   Active   worker_3   -   5h59m   9s',
    'mine   Active   worker_1   -   5h59m   23s',
  );
  const two = shape(
    'mine: ready in 12.1 s on w1, until 2027-01-01T00:00:00.000Z',
    'ssh -i /tmp/x/keys/r_abcdefghijklmnop -p 28501 rabcdefgh@127.0.0.1',
    'mine   Active   w1         -   6h      1m5s',
    'mine   Active   w2         -   6h      2m',
  );
  expect(one).toEqual(two);
});

test('a watch that a busy machine begins late has the same shape', () => {
  const whole = [
    'mine is on w1',
    'mine Active w1 - 6h',
    'mine Migrating w1 Migrating 6h',
    'mine Active w2 - 6h',
  ];
  expect(shape(...whole)).toEqual(shape(...whole.filter((_, index) => index !== 1)));
});

test.each([
  [
    'moved to the same node',
    'mine Active worker_3',
    'mine Active worker_3',
    'mine Active w1',
    'mine Active w2',
  ],
  ['another phase', 'mine Active w1', 'mine Active w2', 'mine Active w1', 'mine Lost w2'],
  ['an error', 'NODE w1', 'done', 'NODE w1', 'error: done'],
])('%s is another shape', (_name, a, b, c, d) => {
  expect(shape(a, b)).not.toEqual(shape(c, d));
});

test('a login that comes when the move is over has the same shape', () => {
  const waited = 'mine: w1 does not answer; waiting until it does, or mine is moved  5 s';
  const moved = 'mine was moved from w1, which died, to w2 1s ago';
  expect(shape(waited, moved)).toEqual(shape(moved));
});

test('what is passed on the way does not count, nor what is told again with another age', () => {
  expect(shape('mine: provisioning on w1', 'mine Active w1 9s', 'mine Active w1 11s')).toEqual([
    'mine Active NODE-1 TIME',
  ]);
});
