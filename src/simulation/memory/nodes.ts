import { withRequest } from '../../core/node/with-request.ts';
import type { NodeStore } from '../../core/ports/nodes.ts';
import { type MemoryDeps, write } from './transaction.ts';

export function createMemoryNodes(deps: MemoryDeps): NodeStore {
  const { nodes } = deps.tables;
  return {
    async listDirtyNodes() {
      const dirty = [...nodes.values()].filter(
        ({ generation, record }) => generation !== record.observedGeneration,
      );
      return dirty.map(({ spec }) => spec.name).sort();
    },
    listNodes: async () => [...nodes.values()].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1)),
    loadNode: async (name) => nodes.get(name) ?? null,
    loadNodes: async (names) => [...new Set(names)].flatMap((name) => nodes.get(name) ?? []),
    async writeRequest(name, request, event) {
      const node = nodes.get(name);
      if (!node) return null;
      const requests = withRequest(node, request);
      if (requests === null) return false;
      return write(deps, [event], (transaction) => {
        transaction.set('nodes', nodes, name, { ...node, requests, generation: node.generation + 1 });
        return true;
      });
    },
  };
}
