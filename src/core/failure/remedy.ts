import type { Reason } from './reason.ts';

/** Who retries, and when; docs/reasons.md has the details. */
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
    operator: "Look at sshd's log on the node, and at firewalls and forwardings on the way.",
  },
  ConnectionClosed: {
    retry: 'probe',
    operator: "Look at sshd's log on the node: MaxStartups, no memory or processes left, a broken set-up.",
  },
  DialTimeout: {
    retry: 'probe',
    operator: 'See whether the machine is on, and whether a firewall drops what the control plane sends.',
  },
  BannerTimeout: {
    retry: 'probe',
    operator:
      'The kernel answers, sshd does not: look at the console for a full disk or a frozen machine; restart it.',
  },
  AuthTimeout: {
    retry: 'probe',
    operator: 'Look at load, memory and entropy of the node, and at what its login asks: DNS, PAM, LDAP.',
  },
  CommandTimeout: {
    retry: 'probe',
    operator: "Look at load and disks of the node and at the profile of the control account's shell.",
  },
  EchoTimeout: {
    retry: 'probe',
    operator: 'Look at load and disks of the node; a session that stands has stopped answering.',
  },
  ListenerDead: {
    retry: 'probe',
    operator: 'Restart sshd on the node: sessions live on, but nobody new gets in.',
  },
  HostKeyChanged: {
    retry: 'person',
    command: 'orion trust NODE',
    operator:
      'Find out why: a node that was reinstalled is accepted with `orion trust NODE`, where `hostKey` is pinned the inventory is corrected instead; if nobody reinstalled it, treat it as an attack.',
  },
  HostKeyOfOtherNode: {
    retry: 'person',
    operator:
      'Correct host and port in the inventory, or the DNS or forwarding that leads to the wrong machine; machines that were cloned need host keys of their own. The other node is not lent either (`HostKeyShared`) until you know which one has the key: pin it there as `hostKey`.',
  },
  NonsenseAnswer: {
    retry: 'probe',
    operator:
      'See what listens on the port, and whether the control account has an ordinary shell without a forced command.',
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
    operator:
      'Put the key at the path in the message back, readable for the daemon and without a passphrase.',
  },
  ControlPlaneFault: {
    retry: 'own',
    operator:
      'Look after the control plane, not the nodes: the message names what it lacks (open files, ports, memory, disk, room for the database, or the right to read its key). `/readyz` and the metric `orion_control_plane_fault` say how long it lasts.',
  },
  ProbeFailed: {
    retry: 'probe',
    operator: 'Read the message. If it can happen again, it deserves a name of its own: report it.',
  },
  ResidueFound: {
    retry: 'work',
    operator:
      'Look at what was found; remove it, or let it into the baseline with `orion accept NODE` when it belongs there.',
  },
  Quarantined: {
    retry: 'work',
    command: 'orion clean NODE',
    operator:
      'Remove what the message names, then `orion clean NODE`; or `orion accept NODE` what belongs there, such as after an upgrade.',
  },
  ProvisionFailed: {
    retry: 'work',
    operator:
      "Compare sshd's configuration on the node with `prepare_node.yml`: it takes no key from `/etc/ssh/orion`.",
  },
  DiskFull: { retry: 'work', operator: 'Free space or inodes on the file system in the message.' },
  ReadOnlyFilesystem: {
    retry: 'work',
    operator: "Look at the kernel's log for a failing disk; mount the file system writable again.",
  },
  NoPython: { retry: 'work', operator: 'Install python3 as `/usr/bin/python3` on the node.' },
  PrivilegeRefused: {
    retry: 'work',
    operator: 'Let the control account be root, or run sudo without a password.',
  },
  AccountLockHeld: {
    retry: 'work',
    operator:
      'Find who holds `/etc/.pwd.lock` or `/etc/passwd.lock` on the node: another tool, or one that died.',
  },
  NotPrepared: {
    retry: 'work',
    operator:
      'Nothing: the node is prepared again. If it comes back, find out what removes the group `orion` or `/etc/ssh/orion`.',
  },
  LimitNotHeld: {
    retry: 'work',
    command: 'orion clean NODE',
    operator:
      'Give the node what the message names (docs/operations.md, "What a client may take"), or take the limit out of `policy.limits.required`.',
  },
  ClockWrong: {
    retry: 'work',
    operator: "Put the node's clock right, and see that something such as NTP keeps it so.",
  },
  PlaybookFailed: {
    retry: 'work',
    operator: 'Read the message; run the playbook by hand, as the head of its file says.',
  },
  PlaybookKilled: {
    retry: 'work',
    operator:
      "Look for the hand that killed it on the control plane, most often the kernel's when memory ran out.",
  },
  PlaybookTimeout: {
    retry: 'work',
    operator:
      'Look at load and disks of the node; give `policy.provision.timeout` or `policy.clean.timeout` more.',
  },
  RemovalUnfinished: {
    retry: 'work',
    operator:
      'Nothing: the next try goes on where this one ended, and such a try never counts towards quarantine. With millions of files, give `policy.clean.timeout` more.',
  },
  PlaybookUnreachable: { retry: 'work', operator: 'Read the message; the next probe gives the exact name.' },
  PlaybookUnreadable: {
    retry: 'work',
    operator:
      'Read the message: a node that says more than 256 KiB is cut off. See what `/usr/bin/python3` is on the node, and which version of Ansible runs on the control plane.',
  },
  FenceTooLow: {
    retry: 'work',
    operator:
      'Nothing: the counters were raised. After a database was restored this is expected once a node. If it stays, the node claims a number that it can not prove: look at `/var/lib/orion/state.json` on it.',
  },
  OtherFleet: {
    retry: 'work',
    command: 'orion adopt NODE',
    operator:
      'Find out which other Orion has the node in its inventory and take it out there, which frees it; or take it over, with all that is on it, with `orion adopt NODE` (`--all`).',
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
