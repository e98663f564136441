import type { ApiStore, Principal } from '../core/store-ports.ts';

/** As the columns that keep it are. */
const LONGEST = 128;

/** Who asks, for whoever reads it later: the name of his token, its id, and the tenant. */
export async function describeAuthor(
  store: Pick<ApiStore, 'listTokens'>,
  { tokenId, tenant }: Principal,
): Promise<string> {
  const name = (await store.listTokens()).find(({ id }) => id === tokenId)?.name ?? null;
  const token = name === null ? tokenId : `${name} (${tokenId})`;
  return `${token} of ${tenant}`.slice(0, LONGEST);
}
