import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Rental } from '../../core/rental.ts';
import { type RentalView, viewRental } from '../../core/rental-view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { readIdempotency } from '../idempotency.ts';
import { invalidInput, ProblemError } from '../problem.ts';
import { changeSpec, createRental, loadNodes, patchSpec, requestRelease, specOf } from '../rental-writes.ts';
import { body, json, problems } from '../respond.ts';
import { NAME, newRentalSchema, pageOf, pageQuery, rentalPatchSchema, rentalSchema } from '../schemas.ts';
import { answerStream, wantsStream } from '../stream.ts';

const idParam = {
  params: z.object({ id: z.string().min(1).max(80).openapi({ description: 'id or name' }) }),
};
const ANY = { rentalId: null, node: null, type: null };

const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/rentals',
    summary: 'Rentals, oldest first; with Accept: text/event-stream a watch',
    request: { query: pageQuery.extend({ all: z.enum(['true', 'false']).default('false') }) },
    responses: { 200: json(pageOf(rentalSchema), 'A page'), ...problems() },
  }),
  create: createRoute({
    method: 'post',
    path: '/api/rentals',
    summary: 'Ask for a machine; it converges by itself',
    request: body(newRentalSchema, true),
    responses: { 202: json(rentalSchema, 'Stored'), ...problems(400, 409, 413, 415) },
  }),
  apply: createRoute({
    method: 'put',
    path: '/api/rentals/{id}',
    summary: 'Create the rental of this name, or change it to this spec',
    request: { ...idParam, ...body(newRentalSchema, true) },
    responses: { 202: json(rentalSchema, 'Stored'), ...problems(400, 409, 413, 415) },
  }),
  read: createRoute({
    method: 'get',
    path: '/api/rentals/{id}',
    summary: 'One rental; with Accept: text/event-stream a watch',
    request: idParam,
    responses: { 200: json(rentalSchema, 'The rental'), ...problems(404) },
  }),
  patch: createRoute({
    method: 'patch',
    path: '/api/rentals/{id}',
    summary: 'Change the key, renew the lease (ttl), change labels or what happens when the node is lost',
    request: { ...idParam, ...body(rentalPatchSchema, true) },
    responses: { 200: json(rentalSchema, 'The changed rental'), ...problems(400, 404, 409, 413, 415) },
  }),
  release: createRoute({
    method: 'delete',
    path: '/api/rentals/{id}',
    summary: 'Release the machine; repeating it is harmless',
    request: idParam,
    responses: { 202: json(rentalSchema, 'Release was asked for'), ...problems(404) },
  }),
};

/** Tenants see their own; administrators all. */
export function scopeOf({ tenant, role }: AppEnv['Variables']['principal']): string | null {
  return role === 'admin' ? null : tenant;
}

export function addRentalRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  const { store } = deps;
  const show = async (rental: Rental): Promise<RentalView> => viewRental(rental, await loadNodes(deps));
  const find = async (scope: string | null, id: string): Promise<Rental> => {
    const rental = await store.findRental(scope, id);
    if (rental === null) throw new ProblemError('not_found', `there is no rental ${id}`);
    return rental;
  };

  app.openapi(routes.list, async (c) => {
    const { limit, cursor, all } = c.req.valid('query');
    const tenant = scopeOf(c.var.principal);
    const load = async (size: number, from: string | null) => {
      const page = await store.listRentals(tenant, {
        limit: size,
        cursor: from,
        includeEnded: all === 'true',
      });
      const nodeOf = await loadNodes(deps);
      return { items: page.items.map((rental) => viewRental(rental, nodeOf)), nextCursor: page.nextCursor };
    };
    if (wantsStream(c)) {
      return answerStream(c, deps, {
        name: 'rental',
        tenant,
        filter: ANY,
        snapshot: async () => (await load(500, null)).items,
        shape: ({ rentalId, object }) => (rentalId === null ? null : object),
      }) as never;
    }
    return c.json(await load(limit, cursor ?? null), 200);
  });

  app.openapi(routes.create, async (c) => {
    const { principal } = c.var;
    const input = c.req.valid('json');
    const wanted = { tenant: principal.tenant, name: input.name, spec: specOf(input, 'queue', deps.policy) };
    const { rental } = await createRental(deps, wanted, readIdempotency(c, input));
    c.header('Location', `/api/rentals/${rental.id}`);
    return c.json(await show(rental), 202);
  });

  app.openapi(routes.apply, async (c) => {
    const { principal } = c.var;
    const { id: name } = c.req.valid('param');
    const input = c.req.valid('json');
    if (!NAME.test(name)) throw invalidInput('name', 'expected a DNS label: a-z, 0-9 and "-", at most 63');
    if (input.name !== undefined && input.name !== name)
      throw invalidInput('name', `expected ${name}, as in the path`);
    const spec = specOf(input, 'queue', deps.policy);
    const old = await store.findRental(principal.tenant, name);
    if (old === null) {
      const { rental } = await createRental(
        deps,
        { tenant: principal.tenant, name, spec },
        readIdempotency(c, null),
      );
      return c.json(await show(rental), 202);
    }
    if (JSON.stringify(old.spec.selector) !== JSON.stringify(spec.selector) && old.placements.length > 0) {
      throw new ProblemError(
        'immutable_field',
        'selector: the rental has a machine already; release it first',
      );
    }
    const renew = spec.ttlMs !== old.spec.ttlMs;
    return c.json(await show(await changeSpec(deps, old, spec, { renew })), 202);
  });

  app.openapi(routes.read, async (c) => {
    const { id } = c.req.valid('param');
    const tenant = scopeOf(c.var.principal);
    const rental = await find(tenant, id);
    if (!wantsStream(c)) return c.json(await show(rental), 200);
    return answerStream(c, deps, {
      name: 'rental',
      tenant,
      filter: { ...ANY, rentalId: rental.id },
      snapshot: async () => [await show(await find(tenant, rental.id))],
      shape: ({ object }) => object,
    }) as never;
  });

  app.openapi(routes.patch, async (c) => {
    const { id } = c.req.valid('param');
    const patch = c.req.valid('json');
    const rental = await find(scopeOf(c.var.principal), id);
    const spec = patchSpec(rental.spec, patch, deps.policy);
    return c.json(await show(await changeSpec(deps, rental, spec, { renew: patch.ttl !== undefined })), 200);
  });

  app.openapi(routes.release, async (c) => {
    const { id } = c.req.valid('param');
    const rental = await find(scopeOf(c.var.principal), id);
    return c.json(await show(await requestRelease(deps, rental)), 202);
  });
}
