import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Page } from '../../core/ports/page.ts';
import { DNS_LABEL } from '../../core/text/dns-label.ts';
import { isEndedView, type RentalView, viewRental } from '../../core/view/rental-view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { scopeOf } from '../caller/scope.ts';
import { createRoute } from '../description/create-route.ts';
import { invalidInput } from '../problem.ts';
import { applyRental } from '../rental/apply.ts';
import { readIdempotency } from '../rental/idempotency.ts';
import { hasSeenEnd, loadNodes, requireRental, showRental } from '../rental/reads.ts';
import { changeSpec, createRental, loadLease, patchSpec, requestRelease, specOf } from '../rental/writes.ts';
import { body, idempotencyHeader, json, LOCATION, problems, watchable, watchHeader } from '../respond.ts';
import { newRentalSchema, pageOf, pageQuery, rentalPatchSchema, rentalSchema } from '../schemas/rental.ts';
import { answerStream, readLastEventId, type StreamOptions, wantsStream } from '../watch/stream.ts';

const idParam = {
  params: z.object({
    id: z.string().min(1).max(80).openapi({ description: 'id or name', example: 'build-box' }),
  }),
};
const ANY = { rentalId: null, node: null, type: null };
/** Page size when a watch reads all rentals. */
const STREAM_PAGE = 100;

const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/rentals',
    operationId: 'listRentals',
    summary: 'Rentals, oldest first; with Accept: text/event-stream a watch',
    description:
      'Tenants see their own, administrators all. A watch sends every rental as it is, the comment `: synced`, and then each change.',
    request: {
      headers: watchHeader,
      query: pageQuery.extend({
        all: z
          .enum(['true', 'false'])
          .default('false')
          .openapi({ description: 'include those that have ended' }),
      }),
    },
    responses: { 200: watchable(pageOf(rentalSchema), 'A page'), ...problems('too_many_watches') },
  }),
  create: createRoute({
    method: 'post',
    path: '/api/rentals',
    operationId: 'createRental',
    summary: 'Request a machine; the rental converges by itself',
    description:
      'Answers at once. Read or watch the rental to see when it is `Active` and has its `connection`; when no machine is free it waits in the queue, unless `whenFull` is `reject`.',
    request: { headers: idempotencyHeader, ...body(newRentalSchema, true) },
    responses: {
      202: { ...json(rentalSchema, 'Stored'), ...LOCATION },
      ...problems('name_taken', 'quota_exceeded', 'idempotency_key_reused'),
    },
  }),
  apply: createRoute({
    method: 'put',
    path: '/api/rentals/{id}',
    operationId: 'applyRental',
    summary: 'Create the rental with this name, or change it to this spec',
    description:
      'The same spec again changes nothing. An omitted field gets its default, except `ttl`: an omitted `ttl` stays as it was, so applying again never renews.',
    request: { ...idParam, headers: idempotencyHeader, ...body(newRentalSchema, true) },
    responses: {
      202: json(rentalSchema, 'Stored'),
      ...problems(
        'name_taken',
        'quota_exceeded',
        'idempotency_key_reused',
        'immutable_field',
        'rental_ended',
        'conflict',
      ),
    },
  }),
  read: createRoute({
    method: 'get',
    path: '/api/rentals/{id}',
    operationId: 'getRental',
    summary: 'One rental; with Accept: text/event-stream a watch',
    description:
      'By its id, or by its name while it has not ended. A watch sends it as it is, then as it changes, and ends after the rental has.',
    request: { ...idParam, headers: watchHeader },
    responses: {
      200: watchable(rentalSchema, 'The rental'),
      204: { description: 'For a watch: the rental has ended, and its end was already sent' },
      ...problems('not_found', 'too_many_watches'),
    },
  }),
  patch: createRoute({
    method: 'patch',
    path: '/api/rentals/{id}',
    operationId: 'changeRental',
    summary: 'Change the key, renew the lease (ttl), change labels or what happens when the node is lost',
    description:
      'Omitted fields stay as they are. Any `ttl`, even the same one, renews: the lease ends that long from now.',
    request: { ...idParam, ...body(rentalPatchSchema, true) },
    responses: {
      200: json(rentalSchema, 'The changed rental'),
      ...problems('not_found', 'rental_ended', 'conflict'),
    },
  }),
  release: createRoute({
    method: 'delete',
    path: '/api/rentals/{id}',
    operationId: 'releaseRental',
    summary: 'Release the machine; repeating it is harmless',
    description:
      'Access ends and the node is cleaned; the rental is `Releasing` until that is done, then `Released`, and stays readable for 30 days.',
    request: idParam,
    responses: { 202: json(rentalSchema, 'The release was requested'), ...problems('not_found') },
  }),
};

export function addRentalRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  addCollectionRoutes(app, deps);
  addItemRoutes(app, deps);
}

function addCollectionRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  app.openapi(routes.list, async (c) => {
    const { limit, cursor, all } = c.req.valid('query');
    const tenant = scopeOf(c.var.principal);
    const load = async (size: number, from: string | null): Promise<Page<RentalView>> => {
      const page = await deps.store.listRentals(tenant, {
        limit: size,
        cursor: from,
        includeEnded: all === 'true',
      });
      const nodeOf = await loadNodes(deps, page.items);
      return { items: page.items.map((rental) => viewRental(rental, nodeOf)), nextCursor: page.nextCursor };
    };
    if (wantsStream(c)) {
      const snapshot = () => listAll((from) => load(STREAM_PAGE, from));
      const shape: StreamOptions['shape'] = ({ rentalId, object }) => (rentalId === null ? null : object);
      return answerStream(c, deps, { name: 'rental', tenant, filter: ANY, snapshot, shape });
    }
    return c.json(await load(limit, cursor ?? null), 200);
  });

  app.openapi(routes.create, async (c) => {
    const input = c.req.valid('json');
    const { tenant } = c.var.principal;
    const spec = specOf(input, await loadLease(deps, tenant));
    const wanted = { tenant, name: input.name, spec, actor: c.var.actor };
    const { rental } = await createRental(deps, wanted, readIdempotency(c, input));
    c.header('Location', `/api/rentals/${rental.id}`);
    return c.json(await showRental(deps, rental), 202);
  });
}

function addItemRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  app.openapi(routes.apply, async (c) => {
    const { principal } = c.var;
    const { id: name } = c.req.valid('param');
    const input = c.req.valid('json');
    if (!DNS_LABEL.test(name))
      throw invalidInput('name', 'expected a DNS label: a-z, 0-9 and "-", at most 63');
    if (input.name !== undefined && input.name !== name)
      throw invalidInput('name', `expected ${name}, as in the path`);
    const wanted = { tenant: principal.tenant, name, input, actor: c.var.actor };
    return c.json(await showRental(deps, await applyRental(deps, wanted, readIdempotency(c, input))), 202);
  });

  app.openapi(routes.read, async (c) => {
    const { id } = c.req.valid('param');
    const tenant = scopeOf(c.var.principal);
    const rental = await requireRental(deps, tenant, id);
    if (!wantsStream(c)) return c.json(await showRental(deps, rental), 200);
    // A client that saw the end will never be sent more. This answer keeps browsers from reconnecting.
    if (rental.record.endedAt !== null && (await hasSeenEnd(deps, readLastEventId(c), rental)))
      return c.body(null, 204);
    return answerStream(c, deps, {
      name: 'rental',
      tenant,
      filter: { ...ANY, rentalId: rental.id },
      snapshot: async () => [await showRental(deps, await requireRental(deps, tenant, rental.id))],
      shape: ({ object }) => object,
      isLast: (object) => isEndedView(object as RentalView),
    });
  });

  app.openapi(routes.patch, async (c) => {
    const { id } = c.req.valid('param');
    const patch = c.req.valid('json');
    const rental = await requireRental(deps, scopeOf(c.var.principal), id);
    const spec = patchSpec(rental.spec, patch, await loadLease(deps, rental.tenant));
    const options = { renew: patch.ttl !== undefined, actor: c.var.actor };
    return c.json(await showRental(deps, await changeSpec(deps, rental, spec, options)), 200);
  });

  app.openapi(routes.release, async (c) => {
    const { id } = c.req.valid('param');
    const rental = await requireRental(deps, scopeOf(c.var.principal), id);
    return c.json(await showRental(deps, await requestRelease(deps, rental, c.var.actor)), 202);
  });
}

/** All items of a list. Each page is read only when needed. */
async function* listAll<Item>(load: (cursor: string | null) => Promise<Page<Item>>): AsyncGenerator<Item> {
  let cursor: string | null = null;
  do {
    const page: Page<Item> = await load(cursor);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
