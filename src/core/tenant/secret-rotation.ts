/** The version of a tenant's secret that is in force. Secrets themselves are derived and stored nowhere. */
export interface SecretVersion {
  version: number;
  /** When the tenant last rotated it; null: never. */
  rotatedAt: Date | null;
}

/** A tenant that never rotated its secret has this one. */
export const FIRST_SECRET: SecretVersion = { version: 1, rotatedAt: null };

/** How long the former secret stays valid, so that receivers have time to switch. */
export const FORMER_SECRET_MS = 24 * 3_600_000;

/** Null: there is no former secret. */
export function formerSecretEndsAt({ rotatedAt }: SecretVersion): Date | null {
  return rotatedAt === null ? null : new Date(rotatedAt.getTime() + FORMER_SECRET_MS);
}

/** The versions to sign with now, the current one first. Rotating twice retires a secret at once. */
export function listSigningVersions(secret: SecretVersion, now: Date): number[] {
  const endsAt = formerSecretEndsAt(secret);
  const isFormerGood = endsAt !== null && now < endsAt && secret.version > 1;
  return isFormerGood ? [secret.version, secret.version - 1] : [secret.version];
}
