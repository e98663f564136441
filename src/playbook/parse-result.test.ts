import { describe, expect, test } from 'vitest';
import { parseResult } from './parse-result.ts';

const task = 'Make the account';
const parse = (answer: object, said = '') => parseResult(JSON.stringify({ task, ...answer }), said);

describe('a run that succeeded', () => {
  test('gives what the node has seen and found', () => {
    const orion = { fence_seen: 7, uid_seen: 20_001, changed: true, findings: ['file /tmp/x'] };
    expect(parse({ outcome: 'ok', orion })).toEqual({
      ok: true,
      changed: true,
      fenceSeen: 7,
      uidSeen: 20_001,
      findings: ['file /tmp/x'],
      removed: [],
    });
  });

  test.each([
    ['no answer of the module', {}],
    ['a fence number that is none', { orion: { fence_seen: 'x', uid_seen: 1, changed: true } }],
    ['a number beyond all bounds', { orion: { fence_seen: 1e300, uid_seen: 1, changed: true } }],
    ['findings that are no list', { orion: { fence_seen: 1, uid_seen: 1, changed: true, findings: 'none' } }],
    [
      'far too many findings',
      { orion: { fence_seen: 1, uid_seen: 1, changed: true, findings: Array(999).fill('x') } },
    ],
  ])('is unreadable with %s', (_, answer) => {
    expect(parse({ outcome: 'ok', ...answer })).toMatchObject({
      ok: false,
      reason: 'PlaybookUnreadable',
      outcomeUnknown: true,
    });
  });

  test('is unreadable when the text is cut off, or not an object', () => {
    for (const text of ['', '{"outcome":"ok","ta', '[]', 'null']) {
      expect(parseResult(text, '')).toMatchObject({
        ok: false,
        reason: 'PlaybookUnreadable',
        outcomeUnknown: true,
      });
    }
  });

  test('names of files come escaped', () => {
    const orion = { fence_seen: 1, uid_seen: 0, changed: false, findings: ['a\u001b[31m\nb'] };
    expect(parse({ outcome: 'ok', orion })).toMatchObject({ findings: ['a\\x1b[31m b'] });
  });
});

describe('a module that refused', () => {
  test('gives its reason and what the node has seen', () => {
    const orion = { fence_seen: 9, uid_seen: 20_005, reason: 'FenceTooLow' };
    expect(parse({ outcome: 'failed', msg: 'too low', orion_reason: 'FenceTooLow', orion })).toEqual({
      ok: false,
      reason: 'FenceTooLow',
      message: 'too low',
      task,
      fenceSeen: 9,
      uidSeen: 20_005,
      outcomeUnknown: false,
    });
  });

  test('can not give a reason that is not its to give', () => {
    expect(parse({ outcome: 'failed', msg: 'x', orion_reason: 'Released' })).toMatchObject({
      reason: 'PlaybookFailed',
    });
  });
});

describe('a module that did not get to speak', () => {
  const failed = (set: object) =>
    parse({ outcome: 'failed', msg: 'MODULE FAILURE\nSee stdout/stderr for the exact error', ...set });

  test('has the reason that stood in its way, with the last lines of what came', () => {
    const stderr =
      'Traceback (most recent call last):\n  x\n  y\nOSError: [Errno 28] No space left on device';
    expect(failed({ module_stderr: stderr, rc: 1 })).toMatchObject({
      reason: 'DiskFull',
      message: 'MODULE FAILURE x y OSError: [Errno 28] No space left on device',
      outcomeUnknown: false,
    });
  });

  test('may have run when nothing says that it did not', () => {
    expect(failed({ module_stderr: 'Traceback', rc: 1 })).toMatchObject({ outcomeUnknown: true });
    expect(failed({ module_stdout: 'hello', rc: 0 })).toMatchObject({
      reason: 'PlaybookUnreadable',
      outcomeUnknown: true,
    });
  });
});

describe('a node that Ansible did not reach', () => {
  const about = 'Data could not be sent to remote host "h". Make sure this host can be reached over ssh: ';
  const unreachable = (said: string, more = '') => parse({ outcome: 'unreachable', msg: about + more }, said);

  test('is told of in the words of ssh', () => {
    expect(unreachable('ssh: connect to host h port 22: Connection refused\r\n')).toMatchObject({
      reason: 'ConnectionRefused',
      message: 'ssh: connect to host h port 22: Connection refused',
      outcomeUnknown: false,
    });
    expect(unreachable('')).toMatchObject({ message: 'ssh gave no reason', outcomeUnknown: true });
    const broken = '[Errno 32] Broken pipe';
    expect(unreachable('', broken)).toMatchObject({ message: broken, outcomeUnknown: true });
  });

  test('also when Ansible noticed the broken pipe before ssh had ended', () => {
    expect(unreachable('root@h: Permission denied (publickey).\r\n', '[Errno 32] Broken pipe')).toMatchObject(
      {
        reason: 'AuthRefused',
        outcomeUnknown: false,
      },
    );
  });

  test('and of a changed host key only the fingerprint', () => {
    const fingerprint = `SHA256:${'a'.repeat(43)}`;
    expect(unreachable(`@@@@\n${fingerprint}\nHost key verification failed.`)).toMatchObject({
      reason: 'HostKeyChanged',
      message: `the node offers another host key (${fingerprint})`,
    });
  });
});
