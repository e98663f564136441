import { describe, expect, test } from 'vitest';
import { nameFailed, nameUnreachable } from './failure-words.ts';

describe('the words of ssh', () => {
  test.each([
    ['root@h: Permission denied (publickey).', 'AuthRefused'],
    ['Host key verification failed.', 'HostKeyChanged'],
    ['No ED25519 host key is known for h and you have requested strict checking.', 'HostKeyChanged'],
    [
      'no such identity: /k: No such file or directory\nroot@h: Permission denied (publickey).',
      'ControlKeyUnreadable',
    ],
    ['Load key "/k": invalid format\nroot@h: Permission denied (publickey).', 'ControlKeyUnreadable'],
    ['ssh: connect to host h port 22: Connection refused', 'ConnectionRefused'],
    ['ssh: connect to host h port 22: Cannot assign requested address', 'ControlPlaneFault'],
    ['socket: Too many open files\nssh: connect to host h port 22: failure', 'ControlPlaneFault'],
    ['Load key "/k": Permission denied\nroot@h: Permission denied (publickey).', 'ControlPlaneFault'],
    [
      'kex_exchange_identification: banner line contains invalid characters: socket: Too many open files',
      'NonsenseAnswer',
    ],
    ['ssh: connect to host h port 22: Connection timed out', 'DialTimeout'],
    ['ssh: connect to host h port 22: No route to host', 'NoRoute'],
    ['ssh: connect to host h port 22: Network is unreachable', 'NoRoute'],
    ['ssh: Could not resolve hostname h: Name or service not known', 'DnsFailed'],
    ['Connection timed out during banner exchange', 'BannerTimeout'],
    ['kex_exchange_identification: read: Connection reset by peer', 'ConnectionReset'],
    ['kex_exchange_identification: Connection closed by remote host', 'ConnectionClosed'],
    ['banner exchange: Connection to h port 22: invalid format', 'NonsenseAnswer'],
  ])('%s: %s, and nothing was begun', (said, reason) => {
    expect(nameUnreachable(said)).toEqual({ reason, hasStarted: false });
  });

  test.each(['Connection to h closed by remote host.', 'client_loop: send disconnect: Broken pipe', ''])(
    '%s: the work may have been begun',
    (said) => {
      expect(nameUnreachable(said)).toEqual({ reason: 'PlaybookUnreachable', hasStarted: true });
    },
  );
});

describe('what stands in the way of a module', () => {
  test.each([
    ['/bin/sh: 1: /usr/bin/python3: not found', 127, 'NoPython'],
    ['sudo: /usr/bin/python3: command not found', 1, 'NoPython'],
    ['', 127, 'NoPython'],
    ['/bin/sh: 1: sudo: not found', 127, 'PrivilegeRefused'],
    ['bash: line 1: sudo: command not found', 127, 'PrivilegeRefused'],
    ['sudo: a password is required', 1, 'PrivilegeRefused'],
    ['op is not in the sudoers file.', 1, 'PrivilegeRefused'],
    ['sudo: no valid sudoers sources found, quitting', 1, 'PrivilegeRefused'],
    ['Sorry, user op is not allowed to execute "/bin/sh" as root on h.', 1, 'PrivilegeRefused'],
    ["OSError: [Errno 28] No space left on device: '/tmp/x'", 1, 'DiskFull'],
    ["OSError: [Errno 30] Read-only file system: '/tmp/x'", 1, 'ReadOnlyFilesystem'],
    ['MODULE FAILURE See stdout', -9, 'PlaybookKilled'],
    ['MODULE FAILURE See stdout hello', 0, 'PlaybookUnreadable'],
    ['MODULE FAILURE See stdout Traceback: something else', 1, 'PlaybookFailed'],
    ['the task said no', undefined, 'PlaybookFailed'],
  ])('%s (%s): %s', (text, rc, reason) => {
    expect(nameFailed(text, rc)).toBe(reason);
  });
});
