import { and, desc, eq, gt, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import { type NewSession, SESSIONS_PER_TOKEN, type SignedIn } from '../../core/ports/sessions.ts';
import type { Connection } from '../connection/pool.ts';
import { apiTokens, sessions } from '../schema-access.ts';

/** Expired ones that are deleted at a time. */
const FORGET_AT_ONCE = 200;

export async function createSession(
  { db }: Connection,
  { hash, tokenId, createdAt, expiresAt }: NewSession,
): Promise<void> {
  const expired = db
    .select({ hash: sessions.hash })
    .from(sessions)
    .where(lte(sessions.expiresAt, sql`now(3)`))
    .limit(FORGET_AT_ONCE);
  const oldest = db
    .select({ hash: sessions.hash })
    .from(sessions)
    .where(eq(sessions.tokenId, tokenId))
    .orderBy(desc(sessions.createdAt))
    .limit(FORGET_AT_ONCE)
    .offset(SESSIONS_PER_TOKEN - 1);
  const gone = [...(await expired), ...(await oldest)].map((row) => row.hash);
  if (gone.length > 0) await db.delete(sessions).where(inArray(sessions.hash, gone));
  await db.insert(sessions).values({ hash, tokenId, createdAt, expiresAt });
}

/** Read together with its token, so that a session is never valid a moment longer than the token. */
export async function authenticateSession({ db }: Connection, hash: string): Promise<SignedIn | null> {
  const [row] = await db
    .select({
      tokenId: apiTokens.id,
      tokenName: apiTokens.name,
      tenant: apiTokens.tenant,
      role: apiTokens.role,
      expiresAt: sessions.expiresAt,
    })
    .from(sessions)
    .innerJoin(apiTokens, eq(apiTokens.id, sessions.tokenId))
    .where(
      and(
        eq(sessions.hash, hash),
        gt(sessions.expiresAt, sql`now(3)`),
        isNull(apiTokens.revokedAt),
        or(isNull(apiTokens.expiresAt), gt(apiTokens.expiresAt, sql`now(3)`)),
      ),
    );
  return row ?? null;
}

/** False when there is none. */
export async function endSession({ db }: Connection, hash: string): Promise<boolean> {
  const [result] = await db.delete(sessions).where(eq(sessions.hash, hash));
  return result.affectedRows === 1;
}
