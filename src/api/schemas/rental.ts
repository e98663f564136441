import { z } from '@hono/zod-openapi';
import { RENTAL_PHASES, SPEC_DEFAULTS } from '../../core/model/rental.ts';
import { DNS_LABEL } from '../../core/text/dns-label.ts';
import { DURATION_FORMAT, parseDuration } from '../../core/text/duration.ts';
import { SHOWABLE_TEXT } from '../../core/text/escape-text.ts';
import { parsePublicKey } from '../../core/text/public-key.ts';
import type { PlacementView, RentalView, SpecView } from '../../core/view/rental-view.ts';
import { PROBLEMS } from '../problem.ts';

const LABEL_KEY = /^[A-Za-z0-9](?:[\w./-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/;

// Examples that can be sent as they are, except for the key: a publicly known key is worse than none.
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI…';
const SELECTOR = { matchLabels: { size: 'small' } };

export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  context.issues.push({ code: 'custom', input: text, message: `expected ${DURATION_FORMAT}` });
  return z.NEVER;
});

const publicKey = z
  .string()
  .transform((text, context) => {
    const parsed = parsePublicKey(text);
    if (parsed.ok) return parsed.key;
    context.issues.push({ code: 'custom', input: '', message: parsed.message });
    return z.NEVER;
  })
  .openapi({ type: 'string', example: KEY });

const labels = z
  .record(z.string().regex(LABEL_KEY, 'not a label key'), z.string().regex(LABEL_VALUE, 'not a label value'))
  .refine((all) => Object.keys(all).length <= 32, 'at most 32 labels');

/** The operator decides where it may lead; this is checked when it is written. */
const webhookUrl = z.string().max(2_000).nullable().openapi({ example: 'https://example.com/orion' });

const onNodeLossPatch = z
  .strictObject({
    action: z.enum(['migrate', 'wait']),
    after: duration.openapi({ type: 'string', example: '0s' }),
  })
  .partial();
/** A patch leaves out what stays as it is, so only a new spec has a default. */
const onNodeLoss = onNodeLossPatch.extend({
  action: z.enum(['migrate', 'wait']).default(SPEC_DEFAULTS.onNodeLoss.action),
});

const ttl = duration
  .refine((ms) => ms >= 10_000, 'expected at least 10s')
  .openapi({ type: 'string', example: '6h' });

const zone = z
  .string()
  .min(1)
  .max(63)
  .regex(SHOWABLE_TEXT, 'expected no control characters')
  .openapi({ type: 'string', minLength: 1, maxLength: 63 });

/** Every field of a view and no other, so that the compiler keeps the schema and the view in step. */
type FieldsOf<View> = Record<keyof View, z.ZodType>;

/** The fields of a spec as clients write them. */
const written = {
  sshPublicKey: publicKey,
  selector: z.strictObject({ matchLabels: labels, zone: zone.nullable() }).partial(),
  ttl,
  whenFull: z.enum(['queue', 'reject']),
  onNodeLoss,
  webhookUrl,
  labels,
} satisfies FieldsOf<SpecView>;

/** The same fields as clients read them. */
const shown = {
  sshPublicKey: z.string(),
  selector: z.object({ matchLabels: z.record(z.string(), z.string()), zone: z.string().nullable() }),
  ttl: z.string(),
  whenFull: z.enum(['queue', 'reject']),
  onNodeLoss: z.object({ action: z.enum(['migrate', 'wait']), after: z.string() }),
  webhookUrl: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
} satisfies FieldsOf<SpecView>;

const name = z.string().regex(DNS_LABEL, 'expected a DNS label: a-z, 0-9 and "-", at most 63');
const quickRental = z.strictObject({ name, ...written }).partial();

/** Accepts both `{name, spec: {…}}`, as it is read back, and the spec's fields beside the name. */
function flatten(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('spec' in body)) return body;
  const { spec, ...rest } = body;
  return typeof spec === 'object' && spec !== null ? { ...rest, ...spec } : body;
}

export const quickRentalSchema = z
  .preprocess(flatten, quickRental)
  .openapi('QuickRental', { example: { name: 'build-box', selector: SELECTOR, ttl: '1h' } });
export const newRentalSchema = z
  .preprocess(flatten, quickRental.extend({ sshPublicKey: publicKey }))
  .openapi('NewRental', { example: { name: 'build-box', sshPublicKey: KEY, selector: SELECTOR, ttl: '1h' } });
export const rentalPatchSchema = z
  .strictObject({ sshPublicKey: publicKey, ttl, labels, onNodeLoss: onNodeLossPatch, webhookUrl })
  .partial()
  .openapi('RentalPatch', { example: { ttl: '6h' } });
export type SpecInput = z.output<typeof quickRentalSchema>;
export type NewRentalInput = z.output<typeof newRentalSchema>;
/** A patch changes less: neither the selector nor what happens when the fleet is full. */
export type SpecChange = Omit<SpecInput, 'name' | 'onNodeLoss'> & z.output<typeof rentalPatchSchema>;

export const time = z.string().openapi({ format: 'date-time' });

export const conditionSchema = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: time,
});

export const placementSchema = z.object({
  epoch: z.int(),
  node: z.string(),
  startedAt: time,
  readyAt: time.nullable(),
  endedAt: time.nullable(),
  endReason: z.string().nullable(),
  cleanedAt: time.nullable().openapi({ description: 'when the node was verified clean of it' }),
  cleaning: z
    .object({
      attempts: z.int().openapi({ description: 'attempts that ended' }),
      outcome: z.enum(['clean', 'failed']).openapi({ description: 'of the last one' }),
      reason: z.string(),
      message: z.string(),
      at: time,
      found: z
        .object({ at: time, items: z.array(z.string()), more: z.int() })
        .nullable()
        .openapi({ description: 'the latest findings of the verification' }),
    })
    .nullable()
    .openapi({ description: 'the results of attempts to clean the node of it; null: none has ended' }),
} satisfies FieldsOf<PlacementView>);

export const rentalSchema = z
  .object({
    id: z.string().openapi({ example: 'r_3k5mzq7xw2c4d6fa' }),
    name: z.string().openapi({ example: 'amber-otter-42' }),
    tenant: z.string(),
    generation: z.int(),
    createdAt: time,
    spec: z.object(shown),
    status: z.object({
      phase: z.enum(RENTAL_PHASES),
      observedGeneration: z.int(),
      node: z.string().nullable(),
      expiresAt: time.nullable().openapi({
        description:
          'The end of the lease, a whole second; null before access is confirmed. A renewal sets it to the time of the renewal plus the ttl. ' +
          'Before the first renewal it is at least the ttl after access was confirmed; it may be later by up to a tenth of ' +
          'the ttl, a minute at most, when the account was created quickly.',
      }),
      queuePosition: z
        .int()
        .nullable()
        .openapi({ description: '1 is next; null: it is not waiting for a node' }),
      queueEstimateAt: time
        .nullable()
        .openapi({ description: 'when it may expect a node; null: no estimate is possible' }),
      connection: z
        .object({
          host: z.string(),
          port: z.int(),
          user: z.string(),
          hostKey: z.string().nullable(),
          command: z.string(),
        })
        .nullable(),
      restart: z
        .object({
          at: time.openapi({ description: 'the first answer after it' }),
          silentSince: time.openapi({ description: 'the last answer before it' }),
        })
        .nullable()
        .openapi({
          description:
            'the last restart of its machine since the client got access: what ran there is gone; null: none',
        }),
      conditions: z.array(conditionSchema),
      placements: z.array(placementSchema),
    } satisfies FieldsOf<RentalView['status']>),
  } satisfies FieldsOf<RentalView>)
  .openapi('Rental');

export const rentedSchema = rentalSchema.extend({ privateKey: z.string().optional() }).openapi('Rented');

/** The codes that are not in PROBLEMS are the proxy's own, sent when no daemon answers. Those have no request id. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum([...Object.keys(PROBLEMS), 'unavailable', 'proxy_error']),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    quota: z
      .object({ limit: z.enum(['maxRentals']), allowed: z.int(), used: z.int() })
      .optional()
      .openapi({ description: 'for `quota_exceeded`: which limit, and how much of it is used' }),
    requestId: z.string().optional(),
  })
  .openapi('Problem');

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(200).optional(),
});

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
