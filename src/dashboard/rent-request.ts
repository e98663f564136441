/** What the form holds, as it was typed. */
export interface RentForm {
  name: string;
  zone: string;
  /** By the key of the label; empty: any. */
  labels: Record<string, string>;
  ttl: string;
  /** Empty: a key pair is made. */
  sshPublicKey: string;
  isQueued: boolean;
  onNodeLoss: 'migrate' | 'wait';
}

export const EMPTY_FORM: RentForm = {
  ...{ name: '', zone: '', labels: {}, ttl: '', sshPublicKey: '', isQueued: true, onNodeLoss: 'migrate' },
};

/** Whoever does not queue is told at once that no machine is free, or waits for his account. */
const WAIT_S = 45;
const MARGIN_MS = 15_000;

export interface RentRequest {
  path: string;
  body: object;
  deadlineMs: number;
}

/** What was left empty is left out, so that the server's own defaults hold. */
export function rentRequestOf(form: RentForm): RentRequest {
  const text = { name: form.name.trim(), ttl: form.ttl.trim(), sshPublicKey: form.sshPublicKey.trim() };
  const chosen = Object.fromEntries(Object.entries(form.labels).filter(([, value]) => value !== ''));
  const selector = {
    ...(Object.keys(chosen).length > 0 ? { matchLabels: chosen } : {}),
    ...(form.zone === '' ? {} : { zone: form.zone }),
  };
  const body = {
    ...Object.fromEntries(Object.entries(text).filter(([, value]) => value !== '')),
    ...(Object.keys(selector).length > 0 ? { selector } : {}),
    ...(form.onNodeLoss === 'wait' ? { onNodeLoss: { action: 'wait' } } : {}),
  };
  const wait = form.isQueued ? '0s' : `${WAIT_S}s`;
  return {
    path: `/api/rent?wait=${wait}&queue=${form.isQueued}`,
    body,
    deadlineMs: WAIT_S * 1_000 + MARGIN_MS,
  };
}

/** Values by key of what nodes are labelled with, for one choice each. */
export function listChoices(labels: readonly Record<string, string>[]): [key: string, values: string[]][] {
  const values = new Map<string, Set<string>>();
  for (const [key, value] of labels.flatMap((each) => Object.entries(each))) {
    values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return [...values]
    .map(([key, all]): [string, string[]] => [key, [...all].toSorted()])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}
