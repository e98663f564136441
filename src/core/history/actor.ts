/** Who asked for something through the API, and from where: a part of the entry in the history. */
export interface Actor {
  /** Null: nobody with a valid token. */
  token: { id: string; name: string | null } | null;
  tenant: string | null;
  role: 'tenant' | 'admin' | null;
  /** The address that the request came from; null: not known. */
  source: string | null;
}

/**
 * As much as this reader may know. Tenants see their own people; of an administrator they are told that it was one, for
 * neither his name nor his address is their business.
 */
export function viewActor(actor: Actor | null | undefined, reader: string | null): Actor | null {
  if (!actor) return null;
  const isOwn = reader === null || (actor.role === 'tenant' && actor.tenant === reader);
  return isOwn ? actor : { token: null, tenant: null, role: actor.role, source: null };
}
