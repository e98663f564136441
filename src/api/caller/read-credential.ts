import type { Context } from 'hono';
import { hashToken, isToken } from '../../secrets/token-secret.ts';
import type { AppEnv } from '../app-env.ts';
import type { Credential } from './credential.ts';
import { requireCsrfToken } from './same-origin.ts';
import { hashSessionSecret, readSessionSecret } from './session-cookie.ts';

/** An Authorization header alone decides: a bad token is refused even when the browser added a good cookie. */
export function readCredential(c: Context<AppEnv>): Credential | null {
  const header = c.req.header('authorization');
  if (header !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
    return isToken(token) ? { kind: 'token', hash: hashToken(token) } : null;
  }
  const secret = readSessionSecret(c);
  if (secret === null) return null;
  requireCsrfToken(c, secret);
  return { kind: 'session', hash: hashSessionSecret(secret) };
}
