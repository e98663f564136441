import { isCleaningAsked, isReturnHeld, type Node } from '../core/model/node.ts';
import type { NodeRequest } from '../core/ports/nodes.ts';
import { eventOf, wallNow } from './client-event.ts';
import type { World } from './world.ts';

/** Operators: they make requests for nodes, and pause or override the whole. */
export interface Operators {
  /** Makes a request for a node where it makes sense, if there is one. */
  request(kind: NodeRequest['kind'], which: number): Promise<void>;
  control(kind: 'pause' | 'resume' | 'override'): Promise<void>;
  /** What they do once all faults are over, such as accepting the host keys of reinstalled machines. */
  tend(): Promise<void>;
}

const REQUEST_EVENTS = {
  cordon: 'node.cordoned',
  uncordon: 'node.uncordoned',
  drain: 'node.draining',
  clean: 'node.clean_requested',
  forget: 'node.forget_requested',
  trust: 'node.trust_requested',
  adopt: 'node.adopt_requested',
  accept: 'node.accept_requested',
} as const;
const CONTROL_EVENTS = {
  pause: 'pool.paused',
  resume: 'pool.resumed',
  override: 'pool.override_requested',
} as const;

/** `isDiligent`: they clean a quarantined node themselves, others leave it to the slow retry. */
export function createOperators(world: World, isDiligent: boolean): Operators {
  const { store, tally } = world;
  const byOperator = () => ({ reason: null, by: 'an operator', at: wallNow(world) });

  function requestFor(kind: NodeRequest['kind'], { record }: Node): NodeRequest {
    if (kind === 'trust') return { kind, fingerprint: String(record.offeredFingerprint) };
    if (kind === 'adopt') return { kind, fleet: String(record.otherFleet) };
    if (kind === 'accept') {
      const ids = (record.differences?.items ?? []).map(({ id }) => id);
      return { kind, accept: { ...byOperator(), ids, reason: 'seen' } };
    }
    return kind === 'cordon' || kind === 'drain' ? { kind, attribution: byOperator() } : { kind };
  }

  /** Null: the node has left the fleet. */
  function write(node: Node, kind: NodeRequest['kind']): ReturnType<World['store']['writeRequest']> {
    const { name } = node.spec;
    const event = eventOf(world, REQUEST_EVENTS[kind], { node: name });
    return store.writeRequest(name, requestFor(kind, node), event);
  }

  async function request(kind: NodeRequest['kind'], which: number): Promise<void> {
    const nodes = [...store.tables.nodes.values()].filter((node) => makesSense(kind, node));
    const node = nodes[which % Math.max(nodes.length, 1)];
    if (node !== undefined && (await write(node, kind))) tally.count(`request: ${kind}`);
  }

  return {
    request,
    async control(kind) {
      const written = kind === 'resume' ? { kind } : { kind, ...byOperator() };
      if (await store.writeControl(written, eventOf(world, CONTROL_EVENTS[kind])))
        tally.count(`control: ${kind}`);
    },
    async tend() {
      for (let which = 0; which < 3; which++) await request('trust', which);
      // Where the policy wants it, a person has to declare a returned node well, once for each return.
      for (const node of store.tables.nodes.values()) {
        if (isReturnHeld(node.record) && !isCleaningAsked(node)) await write(node, 'clean');
      }
      if (isDiligent) await request('clean', 0);
    },
  };
}

function makesSense(kind: NodeRequest['kind'], { spec, record }: Node): boolean {
  switch (kind) {
    case 'forget':
      return spec.retiring;
    case 'adopt':
      return record.otherFleet !== null;
    case 'accept':
      return record.differences !== null;
    case 'trust':
      return record.offeredFingerprint !== null;
    case 'clean':
      return record.state === 'quarantined' || isReturnHeld(record);
    default:
      return true;
  }
}
