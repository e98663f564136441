import { describe, expect, it } from 'vitest';
import {
  Aborted,
  Closed,
  classifyFailure,
  HostKeyRefused,
  KeyUnreadable,
  Nonsense,
  type Step,
  TimedOut,
} from './failure.ts';
import { describeFailure } from './failure-text.ts';

const timeout = new TimedOut(10);
const withCode = (code: string | number, message = 'x') => Object.assign(new Error(message), { code });
const withLevel = (level: string, message = 'x') => Object.assign(new Error(message), { level });

describe('a failure gets its name from its step and its error', () => {
  const table: [Step, Error, string, 'strong' | 'weak'][] = [
    ['resolve', timeout, 'DnsFailed', 'weak'],
    ['dial', timeout, 'DialTimeout', 'weak'],
    ['banner', timeout, 'BannerTimeout', 'weak'],
    ['handshake', timeout, 'AuthTimeout', 'weak'],
    ['login', timeout, 'AuthTimeout', 'weak'],
    ['command', timeout, 'CommandTimeout', 'weak'],
    ['echo', timeout, 'EchoTimeout', 'weak'],
    ['listener', timeout, 'ListenerDead', 'weak'],
    ['dial', withCode('ETIMEDOUT'), 'DialTimeout', 'weak'],
    ['dial', withCode('ECONNREFUSED'), 'ConnectionRefused', 'strong'],
    ['banner', withCode('ECONNRESET'), 'ConnectionReset', 'strong'],
    ['echo', withCode('EPIPE'), 'ConnectionReset', 'strong'],
    ['dial', withCode('EHOSTUNREACH'), 'NoRoute', 'weak'],
    ['dial', withCode('ENETUNREACH'), 'NoRoute', 'weak'],
    ['resolve', withCode('ENOTFOUND'), 'DnsFailed', 'weak'],
    ['resolve', withCode('EAI_AGAIN'), 'DnsFailed', 'weak'],
    ['dial', withCode('EMFILE'), 'ControlPlaneFault', 'weak'],
    ['listener', withCode('ENFILE'), 'ControlPlaneFault', 'weak'],
    ['dial', withCode('EADDRNOTAVAIL'), 'ControlPlaneFault', 'weak'],
    ['key', new KeyUnreadable('x', true), 'ControlPlaneFault', 'weak'],
    ['key', new KeyUnreadable('x'), 'ControlKeyUnreadable', 'weak'],
    ['handshake', new HostKeyRefused('ssh-ed25519 AAAA', 'x'), 'HostKeyChanged', 'strong'],
    ['login', withLevel('client-authentication'), 'AuthRefused', 'strong'],
    ['login', withCode(2, 'Too many authentication failures'), 'AuthRefused', 'strong'],
    ['login', withCode(11, 'go away'), 'ConnectionClosed', 'weak'],
    ['banner', withLevel('protocol', 'Connection lost before handshake'), 'ConnectionClosed', 'weak'],
    ['command', withLevel('client-timeout', 'Keepalive timeout'), 'ConnectionClosed', 'weak'],
    ['login', new Closed('x'), 'ConnectionClosed', 'weak'],
    ['banner', new Error('Invalid identification string'), 'NonsenseAnswer', 'strong'],
    ['handshake', withLevel('handshake', 'signature verification failed'), 'NonsenseAnswer', 'strong'],
    ['handshake', withLevel('handshake', 'no matching key exchange algorithm'), 'ProbeFailed', 'strong'],
    ['command', new Nonsense('x'), 'NonsenseAnswer', 'strong'],
    ['dial', new Aborted('x'), 'ProbeFailed', 'weak'],
    ['command', new Error('Channel open failure: open failed'), 'ProbeFailed', 'weak'],
  ];
  it.each(table)('%s: %s -> %s', (step, error, reason, evidence) => {
    expect(classifyFailure(step, error)).toEqual({ reason, evidence });
  });

  it('whatever is thrown', () => {
    for (const thrown of [null, undefined, 'text', 7, {}]) {
      expect(classifyFailure('command', thrown)).toEqual({ reason: 'ProbeFailed', evidence: 'weak' });
    }
  });
});

describe('the message', () => {
  it('names address and step, and shows control characters instead of obeying them', () => {
    const message = describeFailure('h:22', 'command', new Error('\u001b[2Jevil\r\n\u202etxt\0'));
    expect(message).toBe('h:22: running the probe command: \\x1b[2Jevil \\u{202e}txt\\x00');
  });

  it('has at most 300 characters', () => {
    expect(describeFailure('h:22', 'dial', new Error('\u001b'.repeat(1_000_000)))).toHaveLength(300);
  });

  it('tells every address that was tried', () => {
    const error = new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]);
    expect(describeFailure('h:22', 'dial', error)).toContain('refused ::1; refused 127.0.0.1');
  });
});
