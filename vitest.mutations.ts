import type { Plugin } from 'vitest/config';

/**
 * Orion's guards, each with the code that implements it. `src/simulation/mutations.long.test.ts` loads a file with
 * one of them removed and expects the simulation to notice: a promise whose guard can vanish unnoticed is not tested.
 */
export interface Mutation {
  /** The path below src/. */
  file: string;
  find: string;
  replace: string;
}

export const MUTATIONS: Record<string, Mutation> = {
  'the machine compares fence numbers': {
    file: 'simulation/modules.ts',
    find: 'fence < machine.fenceSeen',
    replace: 'fence < 0',
  },
  'a node that is taken is not chosen': {
    file: 'core/scheduling/placement.ts',
    find: '!occupied && isLendable(node.record.state)',
    replace: 'true',
  },
  'a node is cleaned before it is free': {
    file: 'core/model/node-machine.ts',
    find: "allocated: { on: { unbound: 'cleaning'",
    replace: "allocated: { on: { unbound: 'free'",
  },
  'the breaker': {
    file: 'core/health/breaker.ts',
    find: 'return allSilent || (unhealthy >= policy.minNodes && overShare)',
    replace: 'return false && allSilent && overShare',
  },
  'a daemon that takes over compares the start of a machine with the row': {
    file: 'core/node/record-restart.ts',
    find: 'if (record.bootId === null)',
    replace: 'if (record.bootId === null || boot.silentSince === null)',
  },
  'a node that was never verified does not open the breaker': {
    file: 'reconcile/outlook.ts',
    find: 'wasVerified(node) ||',
    replace: 'node.spec.name !== "" || wasVerified(node) ||',
  },
  'a living node may be left while the breaker is open': {
    file: 'core/rental/decide-move.ts',
    find: "why === 'NodeDead' ? whyHeld(inputs, serving.node) : null",
    replace: 'whyHeld(inputs, serving.node)',
  },
  'a dead node is not left while the breaker is open': {
    file: 'core/rental/decide-move.ts',
    find: 'if (hold) return stays(hold.reason, hold.message);',
    replace: 'if (hold && inputs.pause) return stays(hold.reason, hold.message);',
  },
  'the lease fences writes': {
    file: 'simulation/memory/transaction.ts',
    find: 'lease.token !== token || lease.expiresAtMs <= nowMs()',
    replace: 'token < 0',
  },
  'a node is saved before it is acted on': {
    file: 'reconcile/reconcile-node.ts',
    find: 'const fence = await save(inputs, decision, context);',
    replace:
      'const early = decision.start; decision.start = null; if (early) context.start(name, early, node.record.resourceVersion); const fence = await save(inputs, decision, context);',
  },
  'a daemon that slept asks its clock before it acts': {
    file: 'reconcile/carry-out.ts',
    find: 'mayAct() ? await',
    replace: 'true ? await',
  },
  'a node is told a new end of the lease': {
    file: 'core/node/decide.ts',
    find: 'isGiven(live, wanted)',
    replace: 'live.appliedKey === wanted.publicKey',
  },
  'an end that was told too early is not kept': {
    file: 'core/model/lease.ts',
    find: 'givenMs >= earliestMs &&',
    replace: '',
  },
  'access is confirmed before the old one ends': {
    file: 'core/rental/decide-move.ts',
    find: 'if (incoming.readyAt === null)',
    replace: 'if (incoming.readyAt === null && base.ended)',
  },
  'a move waits until there is room for it': {
    file: 'core/rental/move-turn.ts',
    find: '.length >= maxInFlight)',
    replace: '.length >= 10 * maxInFlight)',
  },
  'a new leader looks before it judges': {
    file: 'core/health/breaker.ts',
    find: 'unhealthy + unseen',
    replace: 'unhealthy + 0 * unseen',
  },
  'nobody gets a node while everything is paused': {
    file: 'core/rental/decide.ts',
    find: 'inputs.pause ? holdWhilePaused(decision, inputs, inputs.pause) : decision',
    replace: 'decision ?? holdWhilePaused',
  },
  'nothing is begun on a node while everything is paused': {
    file: 'core/node/decide.ts',
    find: 'inputs.paused || busy',
    replace: 'busy',
  },
};

/** Loads `src/x.ts?without=NAME` without that guard. Fails unless the guard's code is in it exactly once. */
export function mutate(): Plugin {
  return {
    name: 'mutate',
    enforce: 'pre',
    transform(code, id) {
      const name = /[?&]without=([^&]+)/.exec(id)?.[1];
      if (name === undefined) return null;
      const mutation = MUTATIONS[decodeURIComponent(name)];
      if (mutation === undefined || code.split(mutation.find).length !== 2) {
        throw new Error(`the guard "${decodeURIComponent(name)}" is not, or not once, in ${id}`);
      }
      return code.replace(mutation.find, mutation.replace);
    },
  };
}
