import type { Actor } from '../../core/history/actor.ts';
import type { Principal } from '../../core/ports/tokens.ts';

/** The length of the columns that store it. */
const LONGEST = 128;

/** Names the caller for later readers: the token's name, its id, and the tenant. */
export function describeAuthor({ tokenId, tokenName, tenant }: Principal): string {
  const token = tokenName === null ? tokenId : `${tokenName} (${tokenId})`;
  return `${token} of ${tenant}`.slice(0, LONGEST);
}

/** Names the caller for the history. */
export function actorOf({ tokenId, tokenName, tenant, role }: Principal, source: string | null): Actor {
  return { token: { id: tokenId, name: tokenName }, tenant, role, source };
}
