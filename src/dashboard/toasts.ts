import { createValue } from './observable.ts';
import { type Problem, problemOf } from './problem.ts';

export interface Toast {
  id: number;
  tone: 'good' | 'bad';
  text: string;
  detail: string;
}

const GOOD_FOR_MS = 6_000;
let lastId = 0;
export const toasts = createValue<readonly Toast[]>([]);

/** Says in passing that something was done. A failure stays until it is dismissed. */
export function tell(text: string, detail = ''): void {
  add({ tone: 'good', text, detail });
}

export function tellProblem(text: string, thrown: unknown): void {
  add({ tone: 'bad', text, detail: problemText(problemOf(thrown)) });
}

export function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

export function problemText({ title, detail, errors }: Problem): string {
  if (errors.length > 0) return errors.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return detail === '' ? title : `${title}: ${detail}`;
}

function add(toast: Omit<Toast, 'id'>): void {
  lastId++;
  const id = lastId;
  toasts.set([...toasts.get().slice(-3), { ...toast, id }]);
  if (toast.tone === 'good') setTimeout(() => dismiss(id), GOOD_FOR_MS);
}
