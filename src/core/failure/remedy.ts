import type { Reason } from './reason.ts';

/** What retries, and when; docs/reasons.md has the details. */
export type Retry =
  /** The prober: a failing node keeps being probed, and is back as soon as it answers. */
  | 'probe'
  /** The reconciler: it repeats the work after a growing pause. */
  | 'work'
  /** A person: the node keeps being probed, but Orion does nothing to end the failure. */
  | 'person'
  /** The part of the control plane that hit it, within seconds; no node is blamed. */
  | 'own';

export interface Remedy {
  retry: Retry;
  /** The command that ends the failure or speeds up its end; NODE is the node's name. */
  command?: string;
  /** What an operator does about it. */
  operator: string;
}

/** What Orion and its operator do about each failure of a node. Every possible failure is listed. */
export const REMEDIES = {
  AuthRefused: {
    retry: 'probe',
    operator:
      "Put the public half of the control key back into `authorized_keys` of the account, or correct `user` and `privateKey` in the inventory; sshd's log on the node says why it refused.",
  },
  ConnectionRefused: {
    retry: 'probe',
    operator: 'Start sshd on the node; check `port` in the inventory and the firewall of the node.',
  },
  ConnectionReset: {
    retry: 'probe',
    operator: "Check sshd's log on the node, and firewalls and port forwardings on the way.",
  },
  ConnectionClosed: {
    retry: 'probe',
    operator:
      "Check sshd's log on the node: MaxStartups, no memory or processes left, a broken configuration.",
  },
  DialTimeout: {
    retry: 'probe',
    operator: 'Check that the machine is on, and that no firewall drops packets from the control plane.',
  },
  BannerTimeout: {
    retry: 'probe',
    operator:
      'The kernel answers, sshd does not: check the console for a full disk or a frozen machine; restart it.',
  },
  AuthTimeout: {
    retry: 'probe',
    operator: 'Check load, memory and entropy of the node, and what its login depends on: DNS, PAM, LDAP.',
  },
  CommandTimeout: {
    retry: 'probe',
    operator: "Check load and disks of the node, and the profile of the control account's shell.",
  },
  EchoTimeout: {
    retry: 'probe',
    operator: 'Check load and disks of the node; an open session has stopped answering.',
  },
  ListenerDead: {
    retry: 'probe',
    operator: 'Restart sshd on the node: open sessions still work, but nobody new gets in.',
  },
  HostKeyChanged: {
    retry: 'person',
    command: 'orion trust NODE',
    operator:
      'Find out why. If the node was reinstalled, accept its key with `orion trust NODE`, or correct the inventory where `hostKey` is pinned; if nobody reinstalled it, treat it as an attack.',
  },
  HostKeyOfOtherNode: {
    retry: 'person',
    operator:
      'Correct host and port in the inventory, or the DNS or forwarding that leads to the wrong machine; cloned machines need host keys of their own. The other node is not lent either (`HostKeyShared`) until you know which one has the key: pin it there as `hostKey`.',
  },
  NonsenseAnswer: {
    retry: 'probe',
    operator:
      'Check what listens on the port, and that the control account has an ordinary shell without a forced command.',
  },
  DnsFailed: {
    retry: 'probe',
    operator:
      'Correct the name in the inventory or in DNS, or give the address; check the resolver of the control plane.',
  },
  NoRoute: {
    retry: 'probe',
    operator: 'Check the routes and interfaces of the control plane and the network of the node.',
  },
  ControlKeyUnreadable: {
    retry: 'probe',
    operator: 'Restore the key at the path in the message, readable by the daemon and without a passphrase.',
  },
  ControlPlaneFault: {
    retry: 'own',
    operator:
      'Fix the control plane, not the nodes: the message names what it lacks (open files, ports, memory, disk, room for the database, or the right to read its key). `/readyz` and the metric `orion_control_plane_fault` say how long it lasts.',
  },
  ProbeFailed: {
    retry: 'probe',
    operator: 'Read the message. If it can happen again, it deserves a name of its own: report it.',
  },
  ResidueFound: {
    retry: 'work',
    operator:
      'Look at what was found; remove it, or add it to the baseline with `orion accept NODE` if it belongs there.',
  },
  Quarantined: {
    retry: 'work',
    command: 'orion clean NODE',
    operator:
      'Remove what the message names, then `orion clean NODE`; or accept what belongs there, for example after an upgrade, with `orion accept NODE`.',
  },
  ProvisionFailed: {
    retry: 'work',
    operator:
      "Compare sshd's configuration on the node with `prepare_node.yml`: sshd accepts no key from `/etc/ssh/orion`.",
  },
  DiskFull: { retry: 'work', operator: 'Free space or inodes on the file system named in the message.' },
  ReadOnlyFilesystem: {
    retry: 'work',
    operator: "Look at the kernel's log for a failing disk; mount the file system writable again.",
  },
  NoPython: { retry: 'work', operator: 'Install python3 as `/usr/bin/python3` on the node.' },
  PrivilegeRefused: {
    retry: 'work',
    operator: 'Make the control account root, or let it run sudo without a password.',
  },
  AccountLockHeld: {
    retry: 'work',
    operator:
      'Find out what holds `/etc/.pwd.lock` or `/etc/passwd.lock` on the node: another tool, or one that died.',
  },
  NotPrepared: {
    retry: 'work',
    operator:
      'Nothing: the node is prepared again. If it happens again, find out what removes the group `orion` or `/etc/ssh/orion`.',
  },
  LimitNotHeld: {
    retry: 'work',
    command: 'orion clean NODE',
    operator:
      'Give the node what the message names (docs/operations.md, "What a client may take"), or remove the limit from `policy.limits.required`.',
  },
  ClockWrong: {
    retry: 'work',
    operator: "Correct the node's clock, and keep it correct, for example with NTP.",
  },
  PlaybookFailed: {
    retry: 'work',
    operator: 'Read the message; run the playbook by hand, as the comment at the top of its file says.',
  },
  PlaybookKilled: {
    retry: 'work',
    operator: 'Find out what killed it on the control plane, most often the kernel when memory ran out.',
  },
  PlaybookTimeout: {
    retry: 'work',
    operator: 'Check load and disks of the node; raise `policy.provision.timeout` or `policy.clean.timeout`.',
  },
  RemovalUnfinished: {
    retry: 'work',
    operator:
      'Nothing: the next try continues where this one ended, and such a try never counts towards quarantine. With millions of files, raise `policy.clean.timeout`.',
  },
  PlaybookUnreachable: {
    retry: 'work',
    operator: 'Read the message; the next probe gives the exact reason.',
  },
  PlaybookUnreadable: {
    retry: 'work',
    operator:
      'Read the message: a node that sends more than 256 KiB is cut off. Check what `/usr/bin/python3` is on the node, and which version of Ansible runs on the control plane.',
  },
  FenceTooLow: {
    retry: 'work',
    operator:
      'Nothing: the counters were raised. After a database restore this is expected once per node. If it persists, the node claims a number that it cannot prove: look at `/var/lib/orion/state.json` on it.',
  },
  OtherFleet: {
    retry: 'work',
    command: 'orion adopt NODE',
    operator:
      'Find out which other Orion has the node in its inventory and remove it there, which frees it; or take it over, with everything on it, with `orion adopt NODE` (`--all`).',
  },
} as const satisfies Partial<Record<Reason, Remedy>>;

/** The reasons with which a probe or a piece of work may fail. */
export type FailureReason = keyof typeof REMEDIES;

export function isFailure(reason: string | null): reason is FailureReason {
  return reason !== null && Object.hasOwn(REMEDIES, reason);
}

export function remedyOf(reason: string): Remedy | null {
  return isFailure(reason) ? REMEDIES[reason] : null;
}
