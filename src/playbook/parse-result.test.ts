import { describe, expect, test } from 'vitest';
import { escapeText, parseResult } from './parse-result.ts';

const task = 'Make the account';
const parse = (answer: object) => parseResult(JSON.stringify({ task, ...answer }));

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
      expect(parseResult(text)).toMatchObject({
        ok: false,
        reason: 'PlaybookUnreadable',
        outcomeUnknown: true,
      });
    }
  });

  test('names of files come escaped', () => {
    const orion = { fence_seen: 1, uid_seen: 0, changed: false, findings: ['a\u001b[31m\nb'] };
    expect(parse({ outcome: 'ok', orion })).toMatchObject({ findings: ['a\\u001b[31m b'] });
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

describe('what stood in the way', () => {
  const failed = (text: string, rc = 1) =>
    parse({ outcome: 'failed', msg: 'MODULE FAILURE\nSee stdout', module_stderr: text, rc });
  test.each([
    ['/bin/sh: 1: /usr/bin/python3: not found', 127, 'NoPython'],
    ['sudo: a password is required', 1, 'PrivilegeRefused'],
    ["OSError: [Errno 28] No space left on device: '/tmp/x'", 1, 'DiskFull'],
    ["OSError: [Errno 30] Read-only file system: '/tmp/x'", 1, 'ReadOnlyFilesystem'],
    ['Traceback: something else', 1, 'PlaybookFailed'],
  ])('%s', (text, rc, reason) => {
    expect(failed(text, rc)).toMatchObject({ ok: false, reason });
  });

  const unreachable = (said: string) =>
    parse({
      outcome: 'unreachable',
      msg: `Data could not be sent to remote host "h". Make sure this host can be reached over ssh: ${said}`,
    });
  test.each([
    ['root@h: Permission denied (publickey).', 'AuthRefused', false],
    ['Host key verification failed.', 'HostKeyChanged', false],
    ['No ED25519 host key is known for h and you have requested strict checking.', 'HostKeyChanged', false],
    [
      'no such identity: /k: No such file or directory\nroot@h: Permission denied (publickey).',
      'ControlKeyUnreadable',
      false,
    ],
    ['Load key "/k": invalid format\nroot@h: Permission denied (publickey).', 'ControlKeyUnreadable', false],
    ['ssh: connect to host h port 22: Connection refused', 'PlaybookUnreachable', false],
    ['ssh: Could not resolve hostname h: Name or service not known', 'PlaybookUnreachable', false],
    ['Connection to h closed by remote host.', 'PlaybookUnreachable', true],
    ['client_loop: send disconnect: Broken pipe', 'PlaybookUnreachable', true],
  ])('%s', (said, reason, outcomeUnknown) => {
    expect(unreachable(said)).toMatchObject({ ok: false, reason, outcomeUnknown });
  });
});

test('text of a node is one bounded line without control characters', () => {
  const text = escapeText(`\u0007a\r\n\u202eb${'x'.repeat(10_000)}`);
  expect(text).toHaveLength(500);
  expect(text).toMatch(/^\\u0007a \\u202ebx+…$/);
});
