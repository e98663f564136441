import type { Actor } from '../../core/history/actor.ts';
import type { Principal } from '../../core/ports/stores.ts';

/** As the columns that keep it are. */
const LONGEST = 128;

/** Who asks, for whoever reads it later: the name of his token, its id, and the tenant. */
export function describeAuthor({ tokenId, tokenName, tenant }: Principal): string {
  const token = tokenName === null ? tokenId : `${tokenName} (${tokenId})`;
  return `${token} of ${tenant}`.slice(0, LONGEST);
}

/** Who asks, for the history. */
export function actorOf({ tokenId, tokenName, tenant, role }: Principal, source: string | null): Actor {
  return { token: { id: tokenId, name: tokenName }, tenant, role, source };
}
