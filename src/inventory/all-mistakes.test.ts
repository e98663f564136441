import { expect, test } from 'vitest';
import { parseInventory } from './load.ts';

/** Each comment says what is wrong in its line. */
const FILE = `policy:
  colour: red                                     # unknown key
  probe:
    dead_after: 5s                                # other spelling of a known one
    interval: 30                                  # duration without a unit
    timeout: soon                                 # no duration
    failures: 0                                   # too small a number
    successes: 1.5                                # no whole number
    keepalive: -5s                                # negative duration
  migrate: { breaker: { unhealthyPercent: 40% } } # percent with its sign
  provision: { timeout: 1ms, concurrency: many }  # too short; no number
  clean: { timeout: 9999h }                       # too long
  lease: { default: 2h, max: 1h }                 # default over the maximum
  fence: { mode: strict }                         # planned, without effect yet
  lease: {}                                       # key twice
defaults:
  host: h:22                                      # host with a port
  labels: [small]                                 # a list for a mapping
nodes:
  - { name: all, host: a }                        # reserved name
  - { name: b c, host: b }                        # name with a blank
  - { name: d, host: 300.1.1.1 }                  # no IP address
  - { name: e, host: e, port: 0 }                 # no port
  - { name: e, host: f }                          # name twice
  - { name: g, host: e2, port: 22 }
  - { name: h, host: e2, port: 22 }               # address twice
  - { name: i, host: i, user: "a b" }             # no account name
  - { name: j, host: j, hostKey: ssh-ed25519 AA } # damaged host key
  - { name: k, host: k, labels: { "x y": z } }    # label key
  - { name: l, host: l, labels: { cpus: 8 } }     # label value
  - { name: m, host: m, zone: "rack a" }          # zone
  - { name: n, host: n, user: \u0024{NOBODY} }          # variable that is not set
  - { name: o, host: o, labels: *l }              # alias of nothing
  - { name: p, host: p, privateKey: "" }          # empty path
  - { name: q, host: q, prot: 22 }                # misspelt key
  - { host: r }                                   # no name
  - worker                                        # no mapping
  - { name: s, host: s, address: { port: ssh } }  # client port
`;

const EXPECTED = `
2:3 policy.colour: unknown key; expected probe, migrate
4:5 policy.probe.dead_after: unknown key; (did you mean "deadAfter"?)
5:15 policy.probe.interval: expected a duration such as 6h, 1h30m, 45s or 250ms, not 30
6:14 policy.probe.timeout: expected a duration such as 6h, 1h30m, 45s or 250ms, not "soon"
7:15 policy.probe.failures: expected a whole number, 1 to 100, not 0
8:16 policy.probe.successes: expected a whole number, 1 to 100, not 1.5
9:16 policy.probe.keepalive: expected a duration
10:43 policy.migrate.breaker.unhealthyPercent: expected a whole number, 1 to 100, not "40%"
11:25 policy.provision.timeout: expected a duration of 1s to 576h, not "1ms"
11:43 policy.provision.concurrency: expected a whole number, 1 to 1000, not "many"
12:21 policy.clean.timeout: expected a duration of 1s to 576h, not "9999h"
13:21 policy.lease.default: expected at most lease.max (1h)
14:3 policy.fence: not available
15:3 policy.lease: this key was already given; expected it once
17:9 defaults.host: expected a host name or an IP address (without port), not "h:22"
18:11 defaults.labels: expected labels such as { size: small }, not a list
20:13 nodes[0].name: expected a name other than all, localhost, ungrouped, not "all"
21:13 nodes[1].name: expected a name of letters, digits
22:22 nodes[2].host: expected a host name or an IP address (without port), not "300.1.1.1"
23:31 nodes[3].port: expected a port, 1 to 65535, not 0
24:13 nodes[4].name: expected a name of its own; nodes[3] (e) has it too: e
26:32 nodes[6].port: expected an address (host and port) of its own; nodes[5] (g) has it too: e2:22
27:31 nodes[7].user: expected the name of an account, not "a b"
28:34 nodes[8].hostKey: expected a host key
29:35 nodes[9].labels["x y"]: expected a label key
30:41 nodes[10].labels.cpus: expected text of letters, digits
31:31 nodes[11].zone: expected a zone
32:31 nodes[12].user: the environment variable NOBODY is not set
33:33 nodes[13].labels: there is no anchor &l
34:37 nodes[14].privateKey: expected the path of a file
35:25 nodes[15].prot: unknown key; (did you mean "port"?)
36:5 nodes[16].name: expected a name of letters
37:5 nodes[17]: expected a mapping of keys and values, not "worker"
38:42 nodes[18].address.port: expected a port, 1 to 65535, not "ssh"
`;

test('a file with 34 different mistakes is refused with line and column of each, in its order', () => {
  const result = parseInventory(FILE, 'f', { ORION_HOME: '/o' });
  const problems = result.ok ? [] : result.problems;
  const expected = EXPECTED.trim().split('\n');
  expect(problems.map((problem) => problem.split(': ')[0])).toEqual(
    expected.map((line) => `f:${line.split(' ')[0]}`),
  );
  for (const [index, line] of expected.entries()) {
    const [place = '', ...words] = line.split(' ');
    const [key = '', ...message] = words.join(' ').split('; (');
    expect(problems[index]).toContain(`f:${place}: ${key}`);
    for (const part of message) expect(problems[index]).toContain(`(${part}`);
  }
  expect(expected.length).toBe(34);
});
