/** What one client may use of a node: `policy.limits` of the inventory. */
export interface LimitsPolicy {
  /** Processes and threads of the account together. */
  processes: number | 'none';
  /** In bytes, or as a percentage of the node's memory. */
  memory: number | `${number}%` | 'none';
  /** A node that does not hold one of these is not lent. */
  required: LimitName[];
}

export const LIMIT_NAMES = ['processes', 'memory', 'userNamespaces'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** What the policy requires and the node does not hold, in the words of orion_limits.py; null: nothing. */
export function describeLacking(
  limits: Record<LimitName, HeldLimit> | undefined,
  { required }: LimitsPolicy,
): string | null {
  const lacking = limits ? required.filter((name) => limits[name].holds !== true) : [];
  if (!limits || lacking.length === 0) return null;
  return `the policy requires limits that the node does not enforce: ${lacking.map((name) => `${name}: ${limits[name].message}`).join('; ')}`;
}

/** Does the limit hold, as measured on the node? Null: the policy asks for no such limit. */
export interface HeldLimit {
  holds: boolean | null;
  message: string;
}

/** What a node last reported about its limits, and when. */
export type NodeLimits = Record<LimitName, HeldLimit> & { checkedAt: string };
