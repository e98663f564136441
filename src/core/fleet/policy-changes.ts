import type { Policy } from '../model/policy.ts';

/** One setting of the policy that an inventory would change; the value's unit is in its name. */
export interface PolicyChange {
  key: string;
  before: string | number;
  after: string | number;
}

export function listPolicyChanges(before: Policy, after: Policy): PolicyChange[] {
  const old = new Map(flatten(before));
  return flatten(after).flatMap(([key, value]) => {
    const was = old.get(key);
    return was === undefined || was === value ? [] : [{ key, before: was, after: value }];
  });
}

function flatten(value: object, prefix = ''): [string, string | number][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string | number][] =>
    Array.isArray(inner)
      ? [[`${prefix}${key}`, inner.join(', ') || 'none']]
      : typeof inner === 'object'
        ? flatten(inner, `${prefix}${key}.`)
        : [[`${prefix}${key}`, inner]],
  );
}
