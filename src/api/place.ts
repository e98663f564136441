import type { Context } from 'hono';
import type { AppEnv } from './app-env.ts';

/** Where a request comes from. The proxy replaces what a client says of itself, so the last entry is its word. */
export function placeOf(c: Context<AppEnv>): string {
  return (c.req.header('x-forwarded-for') ?? '').split(',').at(-1)?.trim() ?? '';
}
