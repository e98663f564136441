/** The values of the form, as typed. */
export interface RentForm {
  name: string;
  zone: string;
  /** By label key; an empty value: any. */
  labels: Record<string, string>;
  ttl: string;
  /** Empty: a key pair is made. */
  sshPublicKey: string;
  isQueued: boolean;
  onNodeLoss: 'migrate' | 'wait';
}

export const EMPTY_FORM: RentForm = {
  name: '',
  zone: '',
  labels: {},
  ttl: '',
  sshPublicKey: '',
  isQueued: true,
  onNodeLoss: 'migrate',
};

/** A client that does not queue learns at once that no machine is free, or waits this long for the account. */
const WAIT_S = 45;
const MARGIN_MS = 15_000;

export interface RentRequest {
  path: string;
  body: object;
  deadlineMs: number;
}

/** Empty fields are left out, so that the server's defaults apply. */
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

/** The values of the nodes' labels by key. Each key becomes one choice. */
export function listChoices(labels: readonly Record<string, string>[]): [key: string, values: string[]][] {
  const values = new Map<string, Set<string>>();
  for (const [key, value] of labels.flatMap((each) => Object.entries(each))) {
    values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return [...values]
    .map(([key, all]): [string, string[]] => [key, [...all].toSorted()])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}
