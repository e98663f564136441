import type { Problem } from './operations.ts';

/** The API answered and refused the call. */
export class ApiError extends Error {
  readonly status: number;
  /** Stable, to act on. Empty when the answer was not a problem of Orion's, as from a proxy in between. */
  readonly code: Problem['code'] | '';
  /** The same for every refusal with this code. Empty, like `detail`, when the answer does not say. */
  readonly title: string;
  /** About this request. */
  readonly detail: string;
  /** Each field at fault. */
  readonly errors: { path: string; message: string }[];
  /** The request in the logs of the API; null when it has no id there. */
  readonly requestId: string | null;
  /** When to try again; null when the answer does not say. */
  readonly retryAfterS: number | null;

  constructor(status: number, statusText: string, body: unknown, retryAfter: string | undefined) {
    const problem: Partial<Problem> = typeof body === 'object' && body !== null ? body : {};
    const title = textOf(problem.title);
    const detail = textOf(problem.detail);
    const errors = Array.isArray(problem.errors) ? problem.errors : [];
    super(messageOf(detail || title, errors) || `the server answered ${`${status} ${statusText}`.trim()}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? '';
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.requestId = textOf(problem.requestId) || null;
    this.retryAfterS = retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) : null;
  }
}

/** Why there was no answer. */
export type NoAnswerKind = 'timeout' | 'certificate' | 'unreachable' | 'too_large';

/** The API gave no usable answer. Whether it did what was requested is unknown. */
export class NoAnswerError extends Error {
  readonly kind: NoAnswerKind;
  /** The system's error code, such as `ECONNREFUSED`; empty when there is none. */
  readonly code: string;

  constructor(kind: NoAnswerKind, message: string, code = '') {
    super(message);
    this.name = 'NoAnswerError';
    this.kind = kind;
    this.code = code;
  }
}

/** With a single field at fault, the detail says it already. */
function messageOf(text: string, errors: ApiError['errors']): string {
  const lines = errors.map(({ path, message }) => `${path}: ${message}`).filter((line) => line !== text);
  return [text, ...lines.map((line) => `  ${line}`)].join('\n').trimStart();
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
