import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { AppEnv } from '../app-env.ts';

/** Browsers take a name with __Host- only from a secure origin, for that host alone and for all of its paths. */
export const SESSION_COOKIE = '__Host-orion_session';
const SECRET = /^[A-Za-z0-9_-]{43}$/;
const ATTRIBUTES = { path: '/', secure: true, httpOnly: true, sameSite: 'Strict' } as const;

/** What the cookie holds: 256 random bits, which are stored nowhere but in the browser. */
export function createSessionSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashSessionSecret(secret: string): string {
  return createHash('sha256').update(`session ${secret}`).digest('hex');
}

/** Null when there is none, or what there is can't be one. */
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

/** What a page has to send with each write: another site can neither read it nor work it out. */
export function csrfTokenOf(secret: string): string {
  return createHmac('sha256', secret).update('orion csrf').digest('base64url');
}

export function isCsrfToken(offered: string, secret: string): boolean {
  const [a, b] = [Buffer.from(offered), Buffer.from(csrfTokenOf(secret))];
  return a.length === b.length && timingSafeEqual(a, b);
}
