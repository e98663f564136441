import type { Condition } from '../core/model/condition.ts';

/** The failures that the history already has of each node. Only in memory, so a new leader may record one again. */
export interface AnnouncedConditions {
  /** Is this reason new since the condition last changed its status? */
  isNews(node: string, condition: Condition): boolean;
  /** Call with the conditions that were saved. */
  note(node: string, conditions: Condition[]): void;
  forget(node: string): void;
}

export function createAnnouncedConditions(): AnnouncedConditions {
  const spells = new Map<string, Map<string, { since: string; reasons: Set<string> }>>();

  function find(node: string, { type, lastTransitionTime }: Condition) {
    const spell = spells.get(node)?.get(type);
    return spell?.since === lastTransitionTime ? spell : undefined;
  }

  return {
    isNews: (node, condition) => !find(node, condition)?.reasons.has(condition.reason),
    note(node, conditions) {
      const next = conditions.map((condition) => {
        const { type, lastTransitionTime: since, reason } = condition;
        const spell = find(node, condition) ?? { since, reasons: new Set() };
        spell.reasons.add(reason);
        return [type, spell] as const;
      });
      spells.set(node, new Map(next));
    },
    forget: (node) => void spells.delete(node),
  };
}
