/** A refusal in the API's words (RFC 9457), or a stand-in when there was no answer. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors: { path: string; message: string }[];
  requestId: string | null;
}

export class CallError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = 'CallError';
    this.problem = problem;
  }
}

export function toProblem(status: number, body: unknown): Problem {
  const given = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>;
  return {
    status,
    code: given.code ?? 'no_answer',
    title: given.title ?? `The call failed with status ${status}`,
    detail: given.detail ?? '',
    errors: given.errors ?? [],
    requestId: given.requestId ?? null,
  };
}

/** The problem behind anything thrown on the way to an answer. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof CallError) return thrown.problem;
  const isLate = thrown instanceof DOMException && thrown.name === 'TimeoutError';
  const title = isLate ? 'Orion did not answer in time' : 'Orion cannot be reached';
  const detail = 'The outcome of the request is unknown. Check before you repeat it.';
  return { status: 0, code: 'no_answer', title, detail, errors: [], requestId: null };
}
