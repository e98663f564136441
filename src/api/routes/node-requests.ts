import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Reason } from '../../core/failure/reason.ts';
import type { Actor } from '../../core/history/actor.ts';
import type { EventType } from '../../core/history/event.ts';
import { type Attribution, describeAttribution } from '../../core/model/controls.ts';
import { type AcceptRequest, MOST_DIFFERENCES } from '../../core/model/differences.ts';
import { FLEET_ID } from '../../core/model/fleet-identity.ts';
import type { Node } from '../../core/model/node.ts';
import { describeAcceptance, namedIn, openAcceptance, whyNotAccepted } from '../../core/node/acceptance.ts';
import { withMaintenance } from '../../core/node/requests.ts';
import { whyRefused } from '../../core/node/why-refused.ts';
import type { NodeRequest } from '../../core/ports/nodes.ts';
import { type NodeView, viewNode } from '../../core/view/node-view.ts';
import type { ApiDeps, AppEnv } from '../app-env.ts';
import { describeAuthor } from '../caller/author.ts';
import { createRoute } from '../description/create-route.ts';
import { requireAdmin } from '../middleware.ts';
import { ProblemError } from '../problem.ts';
import { body, json, problems } from '../respond.ts';
import { reasonText } from '../schemas/attribution.ts';
import { adminNodeSchema, differenceId } from '../schemas/node.ts';
import { loadNodeView, nodeParam } from './nodes.ts';

const NOTED =
  'Recorded with its author. The reconciler carries it out; watch the node for the result. Repeating it is harmless.';

/** Each request's summary in the description, and its event type and reason in the history. */
const REQUESTS = {
  uncordon: ['Let a node be rented again; also ends a drain', 'node.uncordoned', 'Schedulable'],
  clean: [
    'Clean and verify a node now: the way out of quarantine, and back for a node that a negative healthyDelay holds',
    'node.clean_requested',
    'CleanRequested',
  ],
  forget: [
    'Give up a node that left the inventory and cannot be cleaned; it is dropped as it is',
    'node.forget_requested',
    'ForgetRequested',
  ],
} as const satisfies Record<
  Exclude<NodeRequest['kind'], 'trust' | 'adopt' | 'accept' | Maintenance>,
  [string, EventType, Reason]
>;

type Maintenance = Extract<NodeRequest, { attribution: Attribution }>['kind'];
/** The requests that are kept with their reason and author. */
const MAINTENANCE = {
  cordon: ['Keep new rentals off a node', 'node.cordoned', 'Cordoned'],
  drain: [
    'Empty a node: its rental moves to another one first, and no new one comes',
    'node.draining',
    'Draining',
  ],
} as const satisfies Record<Maintenance, [string, EventType, Reason]>;

const trustRoute = createRoute({
  method: 'post',
  path: '/api/nodes/{name}/trust',
  operationId: 'trustNode',
  summary: 'Accept the host key that a node shows instead of its known one, named by its fingerprint',
  description:
    'No login is tried on a node whose key has changed until somebody has checked the key and confirms it here. The fingerprint must be the one that the node shows now, `status.offeredFingerprint`.',
  middleware: requireAdmin(),
  request: {
    ...nodeParam,
    ...body(
      z
        .strictObject({
          fingerprint: z
            .string()
            .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'expected SHA256:…, as ssh-keygen -l prints it'),
        })
        .openapi('Trust'),
      true,
    ),
  },
  responses: {
    202: json(adminNodeSchema, 'Recorded; the node is prepared and verified again'),
    ...problems('forbidden', 'not_found', 'state_conflict'),
  },
});

const adoptRoute = createRoute({
  method: 'post',
  path: '/api/nodes/{name}/adopt',
  operationId: 'adoptNode',
  summary: 'Take a node over from the fleet of another Orion, named by its id',
  description:
    'A node carries the mark of the fleet that prepared it and refuses changes by any other (`OtherFleet`). The fleet must be the one that the node belongs to now, `status.otherFleet`. The node is prepared, and cleaned of everything that the other Orion has on it; that Orion is refused from then on.',
  middleware: requireAdmin(),
  request: {
    ...nodeParam,
    ...body(
      z
        .strictObject({ fleet: z.string().regex(FLEET_ID, 'expected f_…, as in status.otherFleet') })
        .openapi('Adopt'),
      true,
    ),
  },
  responses: {
    202: json(adminNodeSchema, 'Recorded; the node is taken over, prepared and cleaned'),
    ...problems('forbidden', 'not_found', 'state_conflict'),
  },
});

const acceptRoute = createRoute({
  method: 'post',
  path: '/api/nodes/{name}/accept',
  operationId: 'acceptDifferences',
  summary: 'Accept what a verification found into the baseline of a node, named by ids',
  description:
    'A node is not lent while it differs from its baseline, such as after an upgrade. The ids must be those of the current differences, `status.differences`: an id covers everything that its difference consists of, so what has changed since is not accepted. The next verification, which begins at once, accepts those that are still there; anything else that it finds remains a finding. Repeating a request while it is open is harmless; any other is refused until it is done.',
  middleware: requireAdmin(),
  request: {
    ...nodeParam,
    ...body(
      z
        .strictObject({
          ids: z.array(differenceId).min(1).max(MOST_DIFFERENCES),
          reason: reasonText,
        })
        .openapi('Accept'),
      true,
    ),
  },
  responses: {
    202: json(
      adminNodeSchema,
      'Recorded; the node is cleaned and verified, and the named differences are accepted',
    ),
    ...problems('forbidden', 'not_found', 'state_conflict'),
  },
});

/** Operators' requests about nodes. They are recorded here; the reconciler carries them out. */
export function addNodeRequestRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  for (const kind of Object.keys(REQUESTS) as (keyof typeof REQUESTS)[]) {
    const [summary, type, reason] = REQUESTS[kind];
    const route = createRoute({
      method: 'post',
      path: `/api/nodes/{name}/${kind}`,
      operationId: `${kind}Node`,
      summary,
      description: NOTED,
      middleware: requireAdmin(),
      request: nodeParam,
      responses: {
        202: json(adminNodeSchema, 'Recorded; the reconciler carries it out'),
        ...problems('forbidden', 'not_found', 'state_conflict'),
      },
    });
    app.openapi(route, async (c) => {
      const { actor } = c.var;
      const event = { type, reason, message: `by token ${c.var.principal.tokenId}`, actor };
      return c.json(await requestFor(deps, c.req.valid('param').name, { kind }, event), 202);
    });
  }
  addMaintenanceRoutes(app, deps);
  addAcceptRoute(app, deps);
  app.openapi(trustRoute, async (c) => {
    const { fingerprint } = c.req.valid('json');
    const message = `${fingerprint}, by token ${c.var.principal.tokenId}`;
    const { actor } = c.var;
    const event = { type: 'node.trust_requested', reason: 'HostKeyTrusted', message, actor } as const;
    const request = { kind: 'trust', fingerprint } as const;
    return c.json(await requestFor(deps, c.req.valid('param').name, request, event), 202);
  });
  app.openapi(adoptRoute, async (c) => {
    const { fleet } = c.req.valid('json');
    const message = `from the fleet ${fleet}, by token ${c.var.principal.tokenId}`;
    const { actor } = c.var;
    const event = { type: 'node.adopt_requested', reason: 'NodeAdopted', message, actor } as const;
    const request = { kind: 'adopt', fleet } as const;
    return c.json(await requestFor(deps, c.req.valid('param').name, request, event), 202);
  });
}

function addMaintenanceRoutes(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  for (const kind of ['cordon', 'drain'] as const) {
    const [summary, type, reason] = MAINTENANCE[kind];
    const route = createRoute({
      method: 'post',
      path: `/api/nodes/{name}/${kind}`,
      operationId: `${kind}Node`,
      summary,
      description: `${NOTED} The reason, the author and the time are shown with the node until it is uncordoned.`,
      middleware: requireAdmin(),
      request: {
        ...nodeParam,
        ...body(z.strictObject({ reason: reasonText.optional() }).openapi('Maintenance'), false),
      },
      responses: {
        202: json(adminNodeSchema, 'Recorded; the reconciler carries it out'),
        ...problems('forbidden', 'not_found', 'state_conflict'),
      },
    });
    app.openapi(route, async (c) => {
      const why = c.req.valid('json').reason ?? null;
      const by = describeAuthor(c.var.principal);
      const attribution = { reason: why, by, at: deps.clock.now() };
      const event = { type, reason, message: describeAttribution(attribution), actor: c.var.actor };
      const request = { kind, attribution };
      return c.json(await requestFor(deps, c.req.valid('param').name, request, event), 202);
    });
  }
}

function addAcceptRoute(app: OpenAPIHono<AppEnv>, deps: ApiDeps): void {
  app.openapi(acceptRoute, async (c) => {
    const { ids, reason } = c.req.valid('json');
    const { name } = c.req.valid('param');
    const accept = { ids, reason, by: describeAuthor(c.var.principal), at: deps.clock.now() };
    const { node } = await loadNodeView(deps, name);
    const message = describeAcceptance(accept, namedIn(node.record, ids));
    const { actor } = c.var;
    const event = { type: 'node.accept_requested', reason: 'DifferencesAccepted', message, actor } as const;
    return c.json(await requestFor(deps, name, { kind: 'accept', accept }, event), 202);
  });
}

/** Writes the request with its event. Repeating a recorded request is no mistake. */
async function requestFor(
  deps: ApiDeps,
  name: string,
  request: NodeRequest,
  event: { type: EventType; reason: Reason; message: string; actor: Actor },
): Promise<NodeView> {
  const { store, clock, wake } = deps;
  const { node, view } = await loadNodeView(deps, name);
  const refusal = whyRefused(node, view.status.rental, request);
  if (refusal !== null) throw new ProblemError('state_conflict', `${name}: ${refusal}`);
  const object = viewNode({ ...node, requests: withMaintenance(node.requests, request) }, view.status.rental);
  const about = { at: clock.now(), rentalId: null, node: name, tenant: null, object };
  const written = await store.writeRequest(name, request, { ...event, ...about });
  if (written === false && request.kind === 'accept')
    requireOpen((await loadNodeView(deps, name)).node, request.accept);
  wake?.();
  return (await loadNodeView(deps, name)).view;
}

/** The request was not written because it is already open or came too late. */
function requireOpen(node: Node, accept: AcceptRequest): void {
  const refusal =
    openAcceptance(node) === null
      ? 'it was verified in the meantime; check again'
      : whyNotAccepted(node, accept);
  if (refusal !== null) throw new ProblemError('state_conflict', `${node.spec.name}: ${refusal}`);
}
