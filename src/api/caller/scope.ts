import type { Principal } from '../../core/ports/tokens.ts';

/** The tenant whose rentals the caller sees; null: an administrator sees those of all. */
export function scopeOf({ tenant, role }: Pick<Principal, 'tenant' | 'role'>): string | null {
  return role === 'admin' ? null : tenant;
}
