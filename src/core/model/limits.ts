/** What one client may take of a node: `policy.limits` of the inventory. */
export interface LimitsPolicy {
  /** Processes and threads of the account together. */
  processes: number | 'none';
  /** In bytes, or as a part of what the node has. */
  memory: number | `${number}%` | 'none';
  /** A node where one of these does not hold is not lent. */
  required: LimitName[];
}

export const LIMIT_NAMES = ['processes', 'memory', 'userNamespaces'] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** What the policy requires and the node does not hold, in words; null: nothing. */
export function describeLacking(
  limits: Record<LimitName, HeldLimit> | undefined,
  { required }: LimitsPolicy,
): string | null {
  const lacking = limits ? required.filter((name) => limits[name].holds !== true) : [];
  if (!limits || lacking.length === 0) return null;
  return `the policy requires what the node does not hold: ${lacking.map((name) => `${name}: ${limits[name].message}`).join('; ')}`;
}

/** Does it hold on the node, measured there? Null: the policy asks for no such limit. */
export interface HeldLimit {
  holds: boolean | null;
  message: string;
}

/** What a node last told of its limits, and when. */
export type NodeLimits = Record<LimitName, HeldLimit> & { checkedAt: string };
