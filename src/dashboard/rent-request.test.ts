import { expect, test } from 'vitest';
import { EMPTY_FORM, listChoices, rentRequestOf } from './rent-request.ts';

test('an empty form asks for any machine, and leaves all defaults to the server', () => {
  expect(rentRequestOf(EMPTY_FORM)).toMatchObject({ path: '/api/rent?wait=0s&queue=true', body: {} });
});

test('what was chosen is asked for, and blanks are not', () => {
  const form = {
    ...EMPTY_FORM,
    name: ' box ',
    zone: 'rack-a',
    labels: { size: 'large', gpu: '' },
    ttl: '1h',
  };
  expect(rentRequestOf({ ...form, sshPublicKey: '  ', onNodeLoss: 'wait', isQueued: false })).toEqual({
    path: '/api/rent?wait=45s&queue=false',
    body: {
      name: 'box',
      ttl: '1h',
      onNodeLoss: { action: 'wait' },
      selector: { matchLabels: { size: 'large' }, zone: 'rack-a' },
    },
    deadlineMs: 60_000,
  });
});

test('a choice is offered for each label, with every value that some node has', () => {
  expect(listChoices([{ size: 'small' }, { size: 'large', gpu: 'a100' }, { size: 'small' }, {}])).toEqual([
    ['gpu', ['a100']],
    ['size', ['large', 'small']],
  ]);
});
