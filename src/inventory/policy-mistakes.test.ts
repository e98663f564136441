import { describe, expect, test } from 'vitest';
import { parseInventory } from './load.ts';

const FILE = 'inventory.yaml';

function problemsOf(text: string): string[] {
  const result = parseInventory(text, FILE, { ORION_HOME: '/o' });
  return result.ok ? [] : result.problems;
}

/** One mistake in the policy of an otherwise correct file. */
const inPolicy = (line: string) => `policy:\n  ${line}\nnodes:\n  - { name: a, host: h }\n`;

/** What is wrong | the file | where and what the message says. */
const MISTAKES: [string, string, string][] = [
  ['empty file', '', '1:1: nodes: expected a list of nodes, not nothing'],
  ['not a mapping', '- a\n', '1:1: expected a mapping of keys and values, not a list'],
  ['no nodes', 'policy: {}\n', '1:1: nodes: expected a list of nodes, not nothing'],
  [
    'unknown key at the top',
    'node: []\nnodes: [{ name: a, host: h }]',
    '1:1: node: unknown key; expected policy, defaults, nodes (did you mean "nodes"?)',
  ],
  [
    'other spelling',
    inPolicy('probe: { dead_after: 5s }'),
    '2:12: policy.probe.dead_after: unknown key; expected interval, timeout, keepalive, failures, deadAfter, successes, healthyDelay (did you mean "deadAfter"?)',
  ],
  [
    'unknown key, nothing near',
    inPolicy('colour: red'),
    '2:3: policy.colour: unknown key; expected probe, migrate, provision, clean, lease, limits',
  ],
  [
    'section twice',
    `${inPolicy('lease: { max: 9h }')}policy: {}\n`,
    '5:1: policy: this key was already given',
  ],
  [
    'host of the defaults',
    'defaults: { host: a/b }\nnodes: [{ name: a }]',
    '1:19: defaults.host: expected a host name',
  ],
  [
    'duration without unit',
    inPolicy('probe: { interval: 30 }'),
    '2:22: policy.probe.interval: expected a duration such as 6h, 1h30m, 45s or 250ms, not 30',
  ],
  [
    'duration',
    inPolicy('probe: { deadAfter: soon }'),
    'policy.probe.deadAfter: expected a duration such as 6h, 1h30m, 45s or 250ms, not "soon"',
  ],
  ['duration negative', inPolicy('probe: { deadAfter: -5s }'), 'policy.probe.deadAfter: expected a duration'],
  [
    'duration too small',
    inPolicy('provision: { timeout: 1ms }'),
    'policy.provision.timeout: expected a duration of 1s to 576h, not "1ms"',
  ],
  [
    'duration too large',
    inPolicy('clean: { timeout: 9999h }'),
    'policy.clean.timeout: expected a duration of 1s to 576h',
  ],
  [
    'timeout over interval',
    inPolicy('probe: { interval: 5s, timeout: 5s }'),
    '2:35: policy.probe.timeout: expected less than probe.interval (5s)',
  ],
  [
    'interval under default timeout',
    inPolicy('probe: { interval: 5s }'),
    '2:22: policy.probe.interval: expected more than probe.timeout (10s)',
  ],
  [
    'lease default over max',
    inPolicy('lease: { default: 13h }'),
    '2:21: policy.lease.default: expected at most lease.max (12h)',
  ],
  [
    'failures 0',
    inPolicy('probe: { failures: 0 }'),
    'policy.probe.failures: expected a whole number, 1 to 100, not 0',
  ],
  [
    'failures is a fraction',
    inPolicy('probe: { failures: 1.5 }'),
    'policy.probe.failures: expected a whole number',
  ],
  [
    'percent',
    inPolicy('migrate: { breaker: { unhealthyPercent: 101 } }'),
    '2:43: policy.migrate.breaker.unhealthyPercent: expected a whole number, 1 to 100, not 101',
  ],
  [
    'percent with its sign',
    inPolicy('migrate: { breaker: { unhealthyPercent: 40% } }'),
    'unhealthyPercent: expected a whole number, 1 to 100, not "40%"',
  ],
  [
    'concurrency',
    inPolicy('provision: { concurrency: 0 }'),
    'policy.provision.concurrency: expected a whole number',
  ],
  [
    'retries',
    inPolicy('clean: { retries: -1 }'),
    'policy.clean.retries: expected a whole number, 0 to 1000, not -1',
  ],
  [
    'processes of a client',
    inPolicy('limits: { processes: 3 }'),
    '2:24: policy.limits.processes: expected a whole number, 16 to 4000000, or none, not 3',
  ],
  [
    'memory without unit',
    inPolicy('limits: { memory: 8000000 }'),
    'policy.limits.memory: expected a part such as 75%, a size of at least 64MiB',
  ],
  [
    'memory that no session would live in',
    inPolicy('limits: { memory: 63MiB }'),
    'policy.limits.memory: expected a part such as 75%',
  ],
  [
    'a limit that is not there',
    inPolicy('limits: { disk: 10GiB }'),
    '2:13: policy.limits.disk: unknown key; expected processes, memory, required',
  ],
  [
    'a requirement that nothing can meet',
    inPolicy('limits: { memory: none, required: [processes, memory] }'),
    'policy.limits.required[1]: expected a limit that is set; limits.memory is none',
  ],
  [
    'a requirement twice',
    inPolicy('limits: { required: [processes, processes] }'),
    'policy.limits.required[1]: expected each limit once',
  ],
  [
    'a requirement of a word',
    inPolicy('limits: { required: [disk] }'),
    'policy.limits.required[0]: expected processes or memory or userNamespaces, not "disk"',
  ],
  [
    'fencing, which nothing does yet',
    inPolicy('fence: { mode: strict }'),
    '2:3: policy.fence: not available: moves do not wait',
  ],
  [
    'a planned key of a node',
    'nodes: [{ name: a, host: h, peer: { host: p } }]',
    '1:29: nodes[0].peer: not available: Orion does not ask other nodes',
  ],
  [
    'policy is a word',
    'policy: strict\nnodes: [{ name: a, host: h }]',
    '1:9: policy: expected a mapping of keys and values, not "strict"',
  ],
];

describe('one mistake of the policy', () => {
  test.each(MISTAKES)('%s', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems.join('\n')).toContain(expected);
    for (const problem of problems) expect(problem).toMatch(/^inventory\.yaml:\d+:\d+: /);
    expect(problems).toHaveLength(1);
  });
});
