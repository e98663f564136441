import type { Config } from '../config/config.ts';
import type { MessageSender } from '../core/ports/deliveries.ts';
import type { SenderDeps } from '../notify/sender.ts';
import { deriveWebhookSecret } from '../secrets/webhook-secret.ts';
import { VERSION } from './version.ts';

/** Null without a master key. */
export function createSecretOf({
  webhooks: { key },
}: Config): ((tenant: string, version: number) => string) | null {
  return key && ((tenant, version) => deriveWebhookSecret(key, tenant, version));
}

/** The part of the reconciling half that calls the clients' webhooks; null without a key to sign with. */
export async function createMessageSender(
  config: Config,
  parts: Pick<SenderDeps, 'store' | 'clock' | 'logger' | 'metrics'>,
): Promise<MessageSender | null> {
  const secretOf = createSecretOf(config);
  if (secretOf === null) {
    parts.logger.warn({}, 'no ORION_WEBHOOK_KEY: webhooks are refused, and messages to them are not sent');
    return null;
  }
  const [{ postMessage }, { createSender }] = await Promise.all([
    import('../notify/post.ts'),
    import('../notify/sender.ts'),
  ]);
  const { allowed } = config.webhooks;
  const userAgent = `Orion/${VERSION}`;
  return createSender({ ...parts, random: Math.random, post: postMessage, secretOf, allowed, userAgent });
}
