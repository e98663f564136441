import { ApiError } from '../client/protocol/errors.ts';
import type { Session } from '../client/protocol/operations.ts';
import { createValue } from './observable.ts';
import { request } from './request.ts';

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
  try {
    await begin({});
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    sessionState.set({ kind: 'signedOut', wasSignedIn: false });
  }
}

export async function signIn(token: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  await begin({ method: 'POST', headers, body: JSON.stringify({ token: token.trim() }) });
}

async function begin(init: RequestInit): Promise<void> {
  const response = await request('/api/session', { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
  const session: Session = await response.json();
  sessionState.set({ kind: 'signedIn', session });
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
