import type { ApiStore } from '../../core/ports/stores.ts';
import type { Principal } from '../../core/ports/tokens.ts';

/** What a caller presented as proof of identity, as far as it may be kept. */
export interface Credential {
  kind: 'token' | 'session';
  /** SHA-256, in hex, of the token or of the cookie's value. */
  hash: string;
}

/** Null when the credential is not valid, or no longer. */
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
