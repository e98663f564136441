import type { ApiStore, Principal } from '../../core/ports/stores.ts';

/** What somebody showed to say who they are, as far as it may be kept. */
export interface Credential {
  kind: 'token' | 'session';
  /** SHA-256 of the token or of what the cookie holds, in hex. */
  hash: string;
}

/** Who that is; null when it is not valid, or not any more. */
export async function findPrincipal(
  store: Pick<ApiStore, 'authenticate' | 'authenticateSession'>,
  { kind, hash }: Credential,
): Promise<Principal | null> {
  if (kind === 'token') return await store.authenticate(hash);
  const signedIn = await store.authenticateSession(hash);
  if (signedIn === null) return null;
  const { expiresAt: _expiresAt, ...principal } = signedIn;
  return principal;
}
