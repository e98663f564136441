import type { FailureReason } from '../core/failure/remedy.ts';

/** What ssh prints when it never reached the module, and Orion's name for that. */
const BEFORE_THE_START: [RegExp, FailureReason][] = [
  [/Host key verification failed|HOST IDENTIFICATION HAS CHANGED|host key is known for/i, 'HostKeyChanged'],
  // What this machine's own kernel told ssh. A node's words are never at the start of a line that ssh prints.
  [
    /^(ssh: connect to host .*|socket): (Cannot assign requested address|Too many open files|Cannot allocate memory|No buffer space available)/m,
    'ControlPlaneFault',
  ],
  [/^Load key .*: Permission denied/m, 'ControlPlaneFault'],
  [/no such identity|Load key .*: (?!.*bad permissions$)/, 'ControlKeyUnreadable'],
  [/Permission denied \(/, 'AuthRefused'],
  [/timed out during banner exchange/i, 'BannerTimeout'],
  [/invalid SSH identification string|banner (exchange|line).*(invalid|too long)/i, 'NonsenseAnswer'],
  [/kex_exchange_identification:.*reset by peer/i, 'ConnectionReset'],
  [/kex_exchange_identification:/i, 'ConnectionClosed'],
  [/Could not resolve/i, 'DnsFailed'],
  [/No route to host|Network is unreachable/i, 'NoRoute'],
  [/connect to host .* timed out/i, 'DialTimeout'],
  [/connect to host .*Connection refused/i, 'ConnectionRefused'],
];

/**
 * Why the node could not be reached. Unless it is known to have failed before the module started, it may have
 * run.
 */
export function nameUnreachable(said: string): { reason: FailureReason; hasStarted: boolean } {
  const known = BEFORE_THE_START.find(([pattern]) => pattern.test(said));
  return known
    ? { reason: known[1], hasStarted: false }
    : { reason: 'PlaybookUnreachable', hasStarted: true };
}

/** What the shell, sudo, Python or Ansible prints when the module never got to answer. First match wins. */
const IN_THE_WAY: [RegExp, FailureReason][] = [
  // sudo itself is missing, unlike in "sudo: /usr/bin/python3: command not found".
  [/\bsudo: (command )?not found/i, 'PrivilegeRefused'],
  [/python[0-9.]*'?: (command )?not found|python[0-9.]*: No such file/i, 'NoPython'],
  [
    /Missing sudo password|a (password|terminal) is required|must have a tty|not in the sudoers|no valid sudoers|may not run sudo|not allowed to (execute|run)/i,
    'PrivilegeRefused',
  ],
  [/No space left on device|No usable temporary directory|Disk quota exceeded/, 'DiskFull'],
  [/Read-only file system/, 'ReadOnlyFilesystem'],
];

/** The last line of ansible/bounded_ssh.py when it has cut a node off. */
export const SAYS_TOO_MUCH = /^orion: the node answered with more than \d+ bytes$/m;

/** `rc` is ssh's exit code: the module's own, or negative for a signal that ended ssh itself. */
export function nameFailed(text: string, rc: number | undefined): FailureReason {
  const known = IN_THE_WAY.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  if (rc === 127) return 'NoPython';
  if (rc !== undefined && rc < 0) return 'PlaybookKilled';
  // The node reports success, but what it printed is not an answer.
  if (rc === 0 && text.startsWith('MODULE FAILURE')) return 'PlaybookUnreadable';
  return 'PlaybookFailed';
}
