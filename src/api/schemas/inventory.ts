import { z } from '@hono/zod-openapi';

/** The result of reading the inventory again. */
export const inventoryAnswerSchema = z
  .object({
    kind: z.enum(['applied', 'refused']),
    added: z.array(z.string()).optional(),
    changed: z.array(z.string()).optional(),
    retiring: z.array(z.string()).optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
  })
  .openapi('InventoryAnswer');

export const inventoryStateSchema = z
  .object({
    sha256: z.string().nullable().openapi({ description: 'of the file that was last applied' }),
    appliedAt: z.string().nullable().openapi({ format: 'date-time' }),
    requested: z.int(),
    answered: z.int(),
    // `nullable()` would make the named schema itself null wherever it is used.
    answer: z.union([inventoryAnswerSchema, z.null()]),
  })
  .openapi('InventoryState');

const scalar = z.union([z.string(), z.number()]);

export const fleetPlanSchema = z
  .object({
    sha256: z.string().openapi({ description: 'of the text; identifies it when it is applied' }),
    nodes: z.array(
      z.object({
        node: z.string(),
        action: z.enum(['add', 'change', 'return', 'remove']),
        changes: z.array(z.string()),
        note: z.string().optional().openapi({ description: 'what prevents it for now' }),
      }),
    ),
    rentals: z.array(
      z.object({
        rental: z.string(),
        name: z.string(),
        tenant: z.string(),
        effect: z.enum(['moves', 'waits', 'readdressed', 'starts']),
        from: z.string().nullable(),
        to: z.string().nullable(),
        message: z.string(),
      }),
    ),
    policy: z.array(z.object({ key: z.string(), before: scalar, after: scalar })),
    notAnswering: z
      .array(z.string())
      .openapi({ description: 'nodes in the fleet that were never verified and do not answer yet' }),
    refused: z.string().nullable().openapi({ description: 'why it would be refused unless forced' }),
  })
  .openapi('FleetPlan');
