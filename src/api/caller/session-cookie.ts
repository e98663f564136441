import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { AppEnv } from '../app-env.ts';

/** Browsers accept the prefix __Host- only from a secure origin, for that host alone and for all of its paths. */
export const SESSION_COOKIE = '__Host-orion_session';
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'Strict' } as const;

/** The cookie's value: 256 random bits, stored only in the browser. */
export function createSessionSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashSessionSecret(secret: string): string {
  return createHash('sha256').update(`session ${secret}`).digest('hex');
}

/** Null when there is none, or it is malformed. */
export function readSessionSecret(c: Context<AppEnv>): string | null {
  const secret = getCookie(c, SESSION_COOKIE) ?? '';
  return SECRET.test(secret) ? secret : null;
}

export function giveSessionCookie(c: Context<AppEnv>, secret: string, maxAgeS: number): void {
  setCookie(c, SESSION_COOKIE, secret, { ...ATTRIBUTES, maxAge: maxAgeS });
}

export function takeSessionCookie(c: Context<AppEnv>): void {
  deleteCookie(c, SESSION_COOKIE, ATTRIBUTES);
}

/** The token that a page sends with each write. Another site can neither read nor compute it. */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('orion csrf').digest('base64url');
}

export function isCsrfToken(offered: string, secret: string): boolean {
  const [a, b] = [Buffer.from(offered), Buffer.from(csrfTokenOf(secret))];
  return a.length === b.length && timingSafeEqual(a, b);
}
