import { describe, expect, test } from 'vitest';
import { parseInventory } from './load.ts';

const FILE = 'inventory.yaml';

function problemsOf(text: string): string[] {
  const result = parseInventory(text, FILE, { ORION_HOME: '/o' });
  return result.ok ? [] : result.problems;
}

/** One mistake in a node of an otherwise correct file. */
const inNode = (line: string) => `nodes:\n  - name: a\n    host: h\n    ${line}\n`;

/** What is wrong | the file | where and what the message says. */
const MISTAKES: [string, string, string][] = [
  ['only a comment', '# later\n', 'nodes: expected a list of nodes, not nothing'],
  ['only a word', 'nodes\n', '1:1: expected a mapping of keys and values, not "nodes"'],
  ['nodes empty', 'nodes: []\n', '1:8: nodes: expected at least one node'],
  ['nodes not a list', 'nodes: { a: 1 }\n', '1:8: nodes: expected a list of nodes, not a mapping'],
  ['node not a mapping', 'nodes: [worker]\n', '1:9: nodes[0]: expected a mapping'],
  ['syntax: flow not closed', 'nodes:\n  - { name: a, host: h\n', 'not valid YAML'],
  ['syntax: tab', 'nodes:\n\t- name: a\n', '2:1: not valid YAML: Tabs are not allowed as indentation'],
  ['syntax: quote not closed', 'nodes:\n  - name: "a\n', 'not valid YAML: Missing closing "quote'],
  [
    'two documents',
    `${inNode('port: 1')}---\nnodes: []\n`,
    'not valid YAML: Source contains multiple documents',
  ],
  ['unknown tag', inNode('zone: !vault x'), '4:11: not valid YAML: Unresolved tag: !vault'],
  ['unknown key of a node', inNode('prot: 22'), '4:5: nodes[0].prot: unknown key; expected name, host, port'],
  ['misspelt key of a node', inNode('prot: 22'), '(did you mean "port"?)'],
  ['merge key', inNode('<<: { port: 22 }'), 'unknown key'],
  ['__proto__', inNode('__proto__: { port: 22 }'), '4:5: nodes[0].__proto__: unknown key'],
  ['key is a list', inNode('? [a]\n    : 1'), 'nodes[0]: expected the key to be a word'],
  ['key twice', inNode('host: i'), '4:5: nodes[0].host: this key was already given; expected it once'],
  ['no name', 'nodes: [{ host: h }]', '1:9: nodes[0].name: expected a name of letters'],
  [
    'name with a blank',
    'nodes: [{ name: a b, host: h }]',
    '1:17: nodes[0].name: expected a name of letters, digits, "_", "-" and ".", beginning with a letter or digit, at most 63 long, not "a b"',
  ],
  ['name is a number', 'nodes: [{ name: 7, host: h }]', 'nodes[0].name: expected a name of letters'],
  ['name begins with -', 'nodes: [{ name: -a, host: h }]', 'nodes[0].name: expected a name'],
  ['name too long', `nodes: [{ name: ${'a'.repeat(64)}, host: h }]`, 'nodes[0].name: expected a name'],
  [
    'reserved name',
    'nodes: [{ name: All, host: h }]',
    'nodes[0].name: expected a name other than all, localhost, ungrouped, not "All"',
  ],
  ['reserved name', 'nodes: [{ name: localhost, host: h }]', 'nodes[0].name: expected a name other than'],
  ['reserved name', 'nodes: [{ name: ungrouped, host: h }]', 'nodes[0].name: expected a name other than'],
  [
    'name twice',
    'nodes:\n  - { name: a, host: h }\n  - { name: a, host: i }\n',
    '3:13: nodes[1].name: expected a name of its own; nodes[0] (a) has it too: a',
  ],
  [
    'name twice but for case',
    'nodes:\n  - { name: a, host: h }\n  - { name: A, host: i }\n',
    '3:13: nodes[1].name: expected a name of its own',
  ],
  [
    'address twice',
    'nodes:\n  - { name: a, host: h, address: { port: 1 } }\n  - { name: b, host: H, port: 22, address: { port: 2 } }\n',
    '3:31: nodes[1].port: expected an address (host and port) of its own',
  ],
  [
    'address twice by default',
    'defaults: { host: h, address: { host: i } }\nnodes: [{ name: a, address: { port: 1 } }, { name: b }]',
    'nodes[1]',
  ],
  [
    'client address twice',
    'nodes:\n  - { name: a, host: h, address: { host: x, port: 5 } }\n  - { name: b, host: i, address: { host: x, port: 5 } }\n',
    '3:51: nodes[1].address.port: expected a client address of its own; nodes[0] (a) has it too: x:5',
  ],
  [
    'no host',
    'nodes: [{ name: a }]',
    '1:9: nodes[0].host: expected a host, here or under defaults; none was given',
  ],
  [
    'host with a port',
    'nodes: [{ name: a, host: "h:22" }]',
    '1:26: nodes[0].host: expected a host name or an IP address (without port), not "h:22"',
  ],
  [
    'host is no IP',
    'nodes: [{ name: a, host: 300.1.1.1 }]',
    'nodes[0].host: expected a host name or an IP address',
  ],
  [
    'host with an option',
    'nodes: [{ name: a, host: -oProxyCommand=x }]',
    'nodes[0].host: expected a host name',
  ],
  ['host is empty', 'nodes: [{ name: a, host: "" }]', 'nodes[0].host: expected a host name'],
  ['client host', inNode('address: { host: "a b" }'), '4:22: nodes[0].address.host: expected a host name'],
  ['port 0', inNode('port: 0'), '4:11: nodes[0].port: expected a port, 1 to 65535, not 0'],
  ['port too large', inNode('port: 65536'), 'nodes[0].port: expected a port, 1 to 65535, not 65536'],
  ['port is a fraction', inNode('port: 22.5'), 'nodes[0].port: expected a port'],
  ['port is a word', inNode('port: ssh'), 'nodes[0].port: expected a port, 1 to 65535, not "ssh"'],
  ['port is empty', inNode('port:'), '4:5: nodes[0].port: expected a port, 1 to 65535, not nothing'],
  ['client port', inNode('address: { port: -1 }'), 'nodes[0].address.port: expected a port'],
  ['user', inNode('user: "a b"'), 'nodes[0].user: expected the name of an account, not "a b"'],
  ['key path empty', inNode('privateKey: ""'), 'nodes[0].privateKey: expected the path of a file'],
  [
    'host key of unknown type',
    inNode('hostKey: ssh-foo AAAA'),
    '4:14: nodes[0].hostKey: expected a host key: must start with one of ssh-ed25519',
  ],
  [
    'host key cut off',
    inNode('hostKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5'),
    'nodes[0].hostKey: expected a host key',
  ],
  ['host key is no text', inNode('hostKey: 5'), 'nodes[0].hostKey: expected a host key such as'],
  ['zone', inNode('zone: rack a'), 'nodes[0].zone: expected a zone'],
  [
    'zone is a number',
    inNode('zone: 1'),
    'nodes[0].zone: expected a zone: letters, digits, "_", "-", ".", at most 63, not 1',
  ],
  ['label key', inNode('labels: { "a b": c }'), '4:15: nodes[0].labels["a b"]: expected a label key'],
  [
    'label prefix',
    inNode('labels: { Example.com/a: c }'),
    'nodes[0].labels["Example.com/a"]: expected a label key',
  ],
  ['label value', inNode('labels: { size: "a b" }'), '4:21: nodes[0].labels.size: expected text of letters'],
  [
    'label value is a number',
    inNode('labels: { cpus: 8 }'),
    'nodes[0].labels.cpus: expected text of letters, digits, "_", "-" and ".", at most 63 long (numbers and true or false in quotes), not 8',
  ],
  [
    'labels are a list',
    inNode('labels: [small]'),
    'nodes[0].labels: expected labels such as { size: small }, not a list',
  ],
  [
    'variable not set',
    inNode('user: \u0024{NOBODY}'),
    '4:11: nodes[0].user: the environment variable NOBODY is not set; set it or write \u0024{NOBODY:-default}',
  ],
  [
    'variable in flow',
    'nodes: [{ name: a, host: \u0024{NOBODY} }]',
    '1:26: nodes[0].host: the environment variable NOBODY is not set',
  ],
  [
    'malformed reference',
    inNode('user: "\u0024{no body}"'),
    '4:11: nodes[0].user: expected references to be',
  ],
  ['alias of nothing', inNode('labels: *l'), 'there is no anchor &l'],
];

describe('one mistake', () => {
  test.each(MISTAKES)('%s', (_, text, expected) => {
    const problems = problemsOf(text);
    expect(problems.join('\n')).toContain(expected);
    for (const problem of problems) expect(problem).toMatch(/^inventory\.yaml:\d+:\d+: /);
    expect(problems).toHaveLength(1);
  });
});

test('aliases that would grow a billionfold are stopped', () => {
  const levels = Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`);
  const problems = problemsOf(`a0: &a0 [x]\n${levels.join('\n')}\nnodes: *a9\n`);
  expect(problems.join('\n')).toContain('expected at most 100 uses of aliases');
});

test('labels that contain themselves end at the depth limit', () => {
  const problems = problemsOf(inNode('labels: &l { a: *l }'));
  expect(problems[0]).toContain('expected at most 32 levels');
});

test('all mistakes are told at once, in the order of the file', () => {
  const problems = problemsOf(`policy:
  probe: { intervall: 30s, timeout: 40s, failures: none }
  lease: { default: 2h, max: 1h }
defaults: { host: h, colour: red }
nodes:
  - { name: all, port: 1 }
  - { name: b, port: 99999, labels: { "x y": "u v" } }
  - { name: b, port: 1, hostKey: nothing, user: \u0024{NOBODY} }
  - { port: 5, port: 6 }
`);
  expect(problems.map((problem) => problem.split(': ').slice(0, 2).join(': '))).toEqual([
    'inventory.yaml:2:12: policy.probe.intervall',
    'inventory.yaml:2:37: policy.probe.timeout',
    'inventory.yaml:2:52: policy.probe.failures',
    'inventory.yaml:3:21: policy.lease.default',
    'inventory.yaml:4:22: defaults.colour',
    'inventory.yaml:6:13: nodes[0].name',
    'inventory.yaml:7:22: nodes[1].port',
    'inventory.yaml:7:39: nodes[1].labels["x y"]',
    'inventory.yaml:7:46: nodes[1].labels["x y"]',
    'inventory.yaml:8:13: nodes[2].name',
    'inventory.yaml:8:22: nodes[2].port',
    'inventory.yaml:8:34: nodes[2].hostKey',
    'inventory.yaml:8:49: nodes[2].user',
    'inventory.yaml:9:5: nodes[3].name',
    'inventory.yaml:9:16: nodes[3].port',
  ]);
});

test('mistakes before a syntax error are told with it', () => {
  const problems = problemsOf('policy: { leese: {} }\nnodes:\n  - { name: a, host: h\n  - { name: b }\n');
  expect(problems[0]).toContain('1:11: policy.leese: unknown key');
  expect(problems.join('\n')).toContain('not valid YAML');
});
