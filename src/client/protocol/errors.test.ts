import { expect, test } from 'vitest';
import { ApiError } from './errors.ts';

const errors = [{ path: 'ttl', message: 'at most 12h' }];

test('a refusal has all that its problem says', () => {
  const problem = { code: 'invalid_input', title: 'The input is not valid', requestId: 'q_1' };
  const refused = new ApiError(422, '', { ...problem, detail: 'ttl: at most 12h', errors }, '5');
  expect(refused).toMatchObject({ ...problem, status: 422, errors, retryAfterS: 5 });
  expect(refused.message).toBe('ttl: at most 12h');
  expect(new ApiError(422, '', { ...problem, errors }, 'soon')).toMatchObject({
    message: 'The input is not valid\n  ttl: at most 12h',
    detail: '',
    retryAfterS: null,
  });
});

test.each([null, 'Bad Gateway', 7, [], { title: 7, detail: null, errors: {}, requestId: [] }])(
  'from an answer that is no problem it has the status: %j',
  (body) => {
    expect(new ApiError(502, 'Bad Gateway', body, undefined)).toMatchObject({
      message: 'the server answered 502 Bad Gateway',
      status: 502,
      code: '',
      title: '',
      detail: '',
      errors: [],
      requestId: null,
      retryAfterS: null,
    });
  },
);
