import type { Context } from 'hono';
import { findSource } from '../../core/tenant/request-source.ts';
import type { Network } from '../../core/text/ip-address.ts';
import type { AppEnv } from '../app-env.ts';

/** Null: unknown. */
export function sourceOf(c: Context<AppEnv>, trustedProxies: readonly Network[]): string | null {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket: { remoteAddress?: string | undefined } } };
  // A unix socket has none. Only the proxy reaches it.
  const peer = incoming?.socket.remoteAddress ?? null;
  return findSource(peer, c.req.header('x-forwarded-for') ?? '', trustedProxies);
}
