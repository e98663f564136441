import { z } from '@hono/zod-openapi';
import { DURATION_FORMAT, parseDuration } from '../core/duration.ts';
import { parsePublicKey } from '../core/public-key.ts';
import { refuseWebhookUrl } from './webhook-url.ts';

/** What clients may send. Everything is strict: a field that is not listed here is refused by its path. */

const MAX_LABELS = 32;
const MAX_GRACE_MS = 7 * 24 * 3_600_000;
const KEY_EXAMPLE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGk3xZ1tqHj7bQe4yY8cJtZ0C6o8Wl5u1mH3vVn2rXbE';

export const nameSchema = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label: a-z, 0-9 and - inside, at most 63')
  .openapi({ example: 'build-box' });

export const durationSchema = z.string().transform((text, context) => {
  const durationMs = parseDuration(text);
  if (durationMs !== null) return durationMs;
  context.addIssue({ code: 'custom', message: `must be ${DURATION_FORMAT}` });
  return z.NEVER;
});

const ttlSchema = durationSchema
  .refine((ttlMs) => ttlMs >= 1_000, 'must be at least 1s')
  .openapi({ type: 'string', example: '6h' });

const graceSchema = durationSchema
  .refine((graceMs) => graceMs <= MAX_GRACE_MS, 'must be at most 168h')
  .openapi({ type: 'string', example: '0s' });

const publicKeySchema = z
  .string()
  .max(8_192)
  .transform((text, context) => {
    const result = parsePublicKey(text);
    if (result.ok) return result.key;
    context.addIssue({ code: 'custom', message: result.message });
    return z.NEVER;
  })
  .openapi({ type: 'string', example: KEY_EXAMPLE });

const webhookSchema = z
  .string()
  .max(2_000)
  .superRefine((url, context) => {
    const message = refuseWebhookUrl(url);
    if (message !== null) context.addIssue({ code: 'custom', message });
  })
  .nullable()
  .openapi({ example: 'https://example.com/orion' });

const labelKey = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'must be 1 to 63 of letters, digits, . _ / -');
const labelValue = z
  .string()
  .regex(/^[A-Za-z0-9._/-]{0,63}$/, 'must be up to 63 of letters, digits, . _ / -');
const hasFew = (labels: object) => Object.keys(labels).length <= MAX_LABELS;
const labelsSchema = z.record(labelKey, labelValue).refine(hasFew, `must be at most ${MAX_LABELS}`);

const selectorSchema = z.strictObject({
  matchLabels: labelsSchema.optional().openapi({ example: { size: 'small' } }),
  zone: z.string().min(1).max(63).nullable().optional().openapi({ example: 'rack-a' }),
});

const onNodeLossSchema = z.strictObject({
  action: z.enum(['migrate', 'wait']).optional(),
  after: graceSchema.optional(),
});

const specShape = {
  sshPublicKey: publicKeySchema,
  selector: selectorSchema.optional(),
  ttl: ttlSchema.optional(),
  whenFull: z.enum(['queue', 'reject']).optional(),
  onNodeLoss: onNodeLossSchema.optional(),
  webhookUrl: webhookSchema.optional(),
  labels: labelsSchema.optional().openapi({ example: { team: 'compilers' } }),
};

export const newRentalSchema = z
  .strictObject({ name: nameSchema.optional(), ...specShape })
  .openapi('NewRental', { description: 'What is wanted; what is left out has its default.' });
export type NewRentalInput = z.infer<typeof newRentalSchema>;

export const rentSchema = z
  .strictObject({ name: nameSchema.optional(), ...specShape, sshPublicKey: publicKeySchema.optional() })
  .openapi('RentRequest', { description: 'As NewRental; without sshPublicKey a key pair is made.' });

export const patchRentalSchema = z
  .strictObject({
    sshPublicKey: publicKeySchema.optional(),
    ttl: ttlSchema.optional(),
    onNodeLoss: onNodeLossSchema.optional(),
    webhookUrl: webhookSchema.optional(),
    labels: z
      .record(labelKey, labelValue.nullable())
      .refine(hasFew, `must be at most ${MAX_LABELS}`)
      .optional()
      .openapi({ example: { team: 'linkers', old: null } }),
  })
  .openapi('RentalPatch', {
    description: 'A merge patch: what is left out stays; a label that is null goes. A ttl renews the lease.',
  });
export type RentalPatch = z.infer<typeof patchRentalSchema>;
