import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Node } from '../../core/model/node.ts';
import { type NodeView, reduceNodeView, viewNode } from '../../core/view/node-view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { createRoute } from '../description/create-route.ts';
import { ProblemError } from '../problem.ts';
import { problems, watchable, watchHeader } from '../respond.ts';
import { nodeSchema } from '../schemas/node.ts';
import { pageOf, pageQuery } from '../schemas/rental.ts';
import { answerStream, wantsStream } from '../watch/stream.ts';

export const nodeParam = {
  params: z.object({ name: z.string().min(1).max(80).openapi({ example: 'worker_1' }) }),
};

const routes = {
  list: createRoute({
    method: 'get',
    path: '/api/nodes',
    operationId: 'listNodes',
    summary: 'The fleet, by name; with Accept: text/event-stream a watch',
    description:
      'Administrators see everything about a node; tenants see its name, zone and labels, and whether it is free.',
    request: { query: pageQuery, headers: watchHeader },
    responses: { 200: watchable(pageOf(nodeSchema), 'A page'), ...problems('too_many_watches') },
  }),
  read: createRoute({
    method: 'get',
    path: '/api/nodes/{name}',
    operationId: 'getNode',
    summary: 'One node; with Accept: text/event-stream a watch',
    description: 'As much of it as the caller may see. A watch sends it as it is, then each change.',
    request: { ...nodeParam, headers: watchHeader },
    responses: { 200: watchable(nodeSchema, 'The node'), ...problems('not_found', 'too_many_watches') },
  }),
};

/** The node as it is now. Throws a problem for the client when there is none. */
export async function loadNodeView(
  { store }: ApiDeps,
  name: string,
): Promise<{ node: Node; view: NodeView }> {
  const [node, occupants] = await Promise.all([store.loadNode(name), store.listOccupants([name])]);
  if (node === null) throw new ProblemError('not_found', `there is no node ${name}`);
  return { node, view: viewNode(node, occupants.get(name) ?? null) };
}

export function addNodeRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  const { store } = deps;
  const shapeFor = (role: 'tenant' | 'admin') => (view: NodeView) =>
    role === 'admin' ? view : reduceNodeView(view);

  app.openapi(routes.list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const shape = shapeFor(c.var.principal.role);
    const loadAll = async () => {
      const [nodes, occupants] = await Promise.all([store.listNodes(), store.listOccupants()]);
      return nodes
        .toSorted((a, b) => (a.spec.name < b.spec.name ? -1 : 1))
        .map((node) => viewNode(node, occupants.get(node.spec.name) ?? null));
    };
    if (wantsStream(c)) return watchNodes(c, deps, shape, null, async () => (await loadAll()).map(shape));
    const rest = (await loadAll()).filter(({ name }) => cursor === undefined || name > cursor);
    const items = rest.slice(0, limit);
    const nextCursor = rest.length > limit ? (items.at(-1)?.name ?? null) : null;
    return c.json({ items: items.map(shape), nextCursor }, 200);
  });

  app.openapi(routes.read, async (c) => {
    const { name } = c.req.valid('param');
    const shape = shapeFor(c.var.principal.role);
    const { view } = await loadNodeView(deps, name);
    if (wantsStream(c))
      return watchNodes(c, deps, shape, name, async () => [shape((await loadNodeView(deps, name)).view)]);
    return c.json(shape(view), 200);
  });
}

/** Node events belong to no tenant. So the history is read unscoped, and each view is reduced to the caller's. */
function watchNodes(
  c: Parameters<typeof answerStream>[0],
  deps: ApiDeps,
  shape: (view: NodeView) => unknown,
  node: string | null,
  snapshot: () => Promise<unknown[]>,
): Promise<Response> {
  return answerStream(c, deps, {
    name: 'node',
    tenant: null,
    filter: { rentalId: null, node, type: null },
    snapshot,
    shape: ({ type, object }) => (type.startsWith('node.') && object ? shape(object as NodeView) : null),
  });
}
