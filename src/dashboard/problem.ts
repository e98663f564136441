import { ApiError } from '../client/protocol/errors.ts';

/** The text shown when a call failed. */
export type Problem = Pick<ApiError, 'status' | 'title' | 'detail' | 'errors' | 'requestId'>;

/** The API's own words, or a stand-in when there was no answer. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof ApiError) {
    return { ...thrown, title: thrown.title || `The call failed with status ${thrown.status}` };
  }
  const isLate = thrown instanceof DOMException && thrown.name === 'TimeoutError';
  const title = isLate ? 'Orion did not answer in time' : 'Orion cannot be reached';
  const detail = 'The outcome of the request is unknown. Check before you repeat it.';
  return { status: 0, title, detail, errors: [], requestId: null };
}
