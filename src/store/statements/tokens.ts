import { and, asc, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { NewToken, Principal, TokenView } from '../../core/ports/tokens.ts';
import type { Connection } from '../connection/pool.ts';
import { apiTokens } from '../schema-access.ts';

/** Looked up by the secret's hash, so that the time of a comparison reveals nothing. */
export async function authenticate({ db }: Connection, hash: string): Promise<Principal | null> {
  const unexpired = or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now(3)`));
  const [row] = await db
    .select({
      tokenId: apiTokens.id,
      tokenName: apiTokens.name,
      tenant: apiTokens.tenant,
      role: apiTokens.role,
    })
    .from(apiTokens)
    .where(and(eq(apiTokens.hash, hash), isNull(apiTokens.revokedAt), unexpired));
  return row ?? null;
}

export async function createToken({ db }: Connection, token: NewToken): Promise<void> {
  const { id, name, hash, tenant, role, createdAt, expiresAt } = token;
  await db.insert(apiTokens).values({ id, name, hash, tenant, role, createdAt, expiresAt });
}

/** Does nothing when there is, or was, a token with this id: a revoked one stays revoked. */
export async function createTokenOnce({ db }: Connection, token: NewToken): Promise<void> {
  await db
    .insert(apiTokens)
    .values(token)
    .onDuplicateKeyUpdate({ set: { id: sql`${apiTokens.id}` } });
}

/** Without the hashes. */
export async function listTokens({ db }: Connection): Promise<TokenView[]> {
  const { id, name, tenant, role, createdAt, expiresAt, revokedAt } = apiTokens;
  return await db
    .select({ id, name, tenant, role, createdAt, expiresAt, revokedAt })
    .from(apiTokens)
    .orderBy(asc(createdAt), asc(id));
}

/** False when there is no such token or it was revoked before. */
export async function revokeToken({ db }: Connection, id: string, at: Date): Promise<boolean> {
  const [result] = await db
    .update(apiTokens)
    .set({ revokedAt: at })
    .where(and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt)));
  return result.affectedRows === 1;
}
