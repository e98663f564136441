/** Which of a tenant's secrets is in force; secrets themselves are derived, and stored nowhere. */
export interface SecretVersion {
  version: number;
  /** When the tenant last asked for another one; null: never. */
  rotatedAt: Date | null;
}

/** For how long the former secret stays good, so that a receiver has time to take up the new one. */
export const FORMER_SECRET_MS = 24 * 3_600_000;

/** Null: there was none before this one. */
export function formerSecretEndsAt({ rotatedAt }: SecretVersion): Date | null {
  return rotatedAt === null ? null : new Date(rotatedAt.getTime() + FORMER_SECRET_MS);
}

/** The versions to sign with now, the one in force first. Whoever rotates twice is rid of a secret at once. */
export function listSigningVersions(secret: SecretVersion, now: Date): number[] {
  const endsAt = formerSecretEndsAt(secret);
  const isFormerGood = endsAt !== null && now < endsAt && secret.version > 1;
  return isFormerGood ? [secret.version, secret.version - 1] : [secret.version];
}
