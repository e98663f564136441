import { createValue } from './observable.ts';
import { CallError, toProblem } from './problem.ts';

export interface Session {
  tenant: string;
  role: 'tenant' | 'admin';
  token: { id: string; name: string | null };
  expiresAt: string;
  csrfToken: string;
}

/** `unknown` until the server has answered. */
export type SessionState =
  | { kind: 'unknown' }
  | { kind: 'signedOut'; wasSignedIn: boolean }
  | { kind: 'signedIn'; session: Session };

export const sessionState = createValue<SessionState>({ kind: 'unknown' });

const DEADLINE_MS = 20_000;

export function isAdmin(): boolean {
  const state = sessionState.get();
  return state.kind === 'signedIn' && state.session.role === 'admin';
}

/** Checks whether the browser's cookie is still valid. Rejects when there is no usable answer. */
export async function resumeSession(): Promise<void> {
  const response = await fetch('/api/session', { signal: AbortSignal.timeout(DEADLINE_MS) });
  if (response.ok) sessionState.set({ kind: 'signedIn', session: (await response.json()) as Session });
  else if (response.status === 401) sessionState.set({ kind: 'signedOut', wasSignedIn: false });
  else throw new CallError(toProblem(response.status, await response.json().catch(() => null)));
}

export async function signIn(token: string): Promise<void> {
  const response = await fetch('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: token.trim() }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new CallError(toProblem(response.status, body));
  sessionState.set({ kind: 'signedIn', session: body as Session });
}

/** The server reported that the session is over: the token was revoked, or the session expired. */
export function sessionEnded(): void {
  if (sessionState.get().kind === 'signedIn') sessionState.set({ kind: 'signedOut', wasSignedIn: true });
}

export async function signOut(): Promise<void> {
  const state = sessionState.get();
  if (state.kind !== 'signedIn') return;
  await fetch('/api/session', {
    method: 'DELETE',
    headers: { 'X-CSRF-Token': state.session.csrfToken },
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  sessionState.set({ kind: 'signedOut', wasSignedIn: false });
}
