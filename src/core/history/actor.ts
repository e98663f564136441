/** The author of an API request, and where it came from; part of the entry in the history. */
export interface Actor {
  /** Null: the request had no valid token. */
  token: { id: string; name: string | null } | null;
  tenant: string | null;
  role: 'tenant' | 'admin' | null;
  /** The address that the request came from; null: not known. */
  source: string | null;
}

/**
 * What this reader (null: an administrator) may see of it. Tenants see their own people. Of an administrator they
 * see only the role: the name and the address are none of their business.
 */
export function viewActor(actor: Actor | null | undefined, reader: string | null): Actor | null {
  if (!actor) return null;
  const isOwn = reader === null || (actor.role === 'tenant' && actor.tenant === reader);
  return isOwn ? actor : { token: null, tenant: null, role: actor.role, source: null };
}
