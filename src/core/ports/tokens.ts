import type { NewEvent } from '../history/event.ts';

export interface Principal {
  tokenId: string;
  tokenName: string | null;
  tenant: string;
  role: 'tenant' | 'admin';
}

export interface TokenView {
  id: string;
  name: string | null;
  tenant: string;
  role: 'tenant' | 'admin';
  createdAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

/** `hash`: SHA-256 of the secret, in hex. */
export type NewToken = Omit<TokenView, 'revokedAt'> & { hash: string };

export interface TokenStore {
  /** By the SHA-256 of the secret; null when unknown, expired or revoked. */
  authenticate(tokenHash: string): Promise<Principal | null>;
  createToken(token: NewToken, event?: NewEvent): Promise<void>;
  /** Oldest first. */
  listTokens(): Promise<TokenView[]>;
  /** Writes the event if the token was not revoked before. */
  revokeToken(id: string, at: Date, event?: NewEvent): Promise<boolean>;
}
