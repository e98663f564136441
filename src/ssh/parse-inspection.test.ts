import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP_IN_SHA256, LAST_LINE, parseInspection } from './parse-inspection.ts';

const HASH = 'a'.repeat(64);
const LINES = [
  'orion-inspection 1',
  'group:997',
  'shell:/bin/bash',
  'directory:directory:755:0:0',
  `dropin:regular file:644:0:0:${DROP_IN_SHA256}`,
  'account:rtest0001:20000:997:/home/rtest0001:/bin/bash:1:0:20000',
  'accounts:1',
  `key:rtest0001:644:0:0:${HASH}`,
  'keys:1',
  LAST_LINE,
];
const answer = (lines: string[]) => `${lines.join('\n')}\n`;
/** The answer with one line replaced. */
const withLine = (pattern: RegExp, ...lines: string[]) =>
  answer(LINES.flatMap((line) => (pattern.test(line) ? lines : [line])));

describe('the answer of the inspection script', () => {
  it('is told as it is', () => {
    expect(parseInspection(answer(LINES))).toEqual({
      accounts: [
        {
          name: 'rtest0001',
          uid: 20_000,
          gid: 997,
          home: '/home/rtest0001',
          shell: '/bin/bash',
          isOpen: true,
          groups: 0,
          homeUid: 20_000,
        },
      ],
      keyFiles: [{ name: 'rtest0001', mode: '644', uid: 0, gid: 0, sha256: HASH }],
      isCut: false,
      group: 997,
      shell: '/bin/bash',
      isKeyDirectorySound: true,
      dropIn: 'sound',
    });
  });

  it('may come after what a login shell prints', () => {
    expect(parseInspection(`Welcome!\n${answer(LINES)}`)).toEqual(parseInspection(answer(LINES)));
  });

  it.each([
    ['missing', 'dropin::e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['changed', `dropin:regular file:644:0:0:${HASH}`],
    ['changed', `dropin:symbolic link:777:0:0:${DROP_IN_SHA256}`],
    ['open', `dropin:regular file:664:0:0:${DROP_IN_SHA256}`],
    ['open', `dropin:regular file:644:20000:0:${DROP_IN_SHA256}`],
  ])('says that the drop-in is %s', (dropIn, line) => {
    expect(parseInspection(withLine(/^dropin/, line))).toMatchObject({ dropIn });
  });

  it.each(['directory:', 'directory:directory:777:0:0', 'directory:directory:755:20000:0'])(
    'takes %s for no sound place of keys',
    (line) => {
      expect(parseInspection(withLine(/^directory/, line))).toMatchObject({ isKeyDirectorySound: false });
    },
  );

  it('says when there was more than it lists', () => {
    expect(parseInspection(withLine(/^accounts/, 'accounts:65'))).toMatchObject({ isCut: true });
    expect(parseInspection(withLine(/^keys/, 'keys:65'))).toMatchObject({ isCut: true });
  });

  it('makes the names of others fit to be shown', () => {
    const line = `account:\x1b[31m\u202ex${'y'.repeat(500)}:20001:1:/\x07:/x:0:0:`;
    const parsed = parseInspection(withLine(/^accounts/, line, 'accounts:2'));
    expect(parsed?.accounts[1]?.name).toMatch(/^\?\[31m\?xy{57}$/);
    expect(parsed?.accounts[1]).toMatchObject({ home: '/?', homeUid: null, isOpen: false });
  });
});

describe('an answer that is not to be believed', () => {
  it.each([
    ['nothing', ''],
    ['its first line alone', 'orion-inspection 1\n'],
    ['no end', answer(LINES.slice(0, -1))],
    ['something after its end', `${answer(LINES)}x\n`],
    ['the version of another program', withLine(/^orion-inspection 1/, 'orion-inspection 2')],
    ['fewer accounts than it counts to', withLine(/^accounts/, 'accounts:0')],
    ['no count of accounts', withLine(/^accounts/)],
    ['a line that it should not have', withLine(/^keys/, 'keys:1', 'more:1')],
    ['a line that is missing', withLine(/^shell/)],
    ['a uid that is none', withLine(/^account:/, 'account:x:2e4:1:/:/:1:0:')],
    ['a field too many', withLine(/^account:/, 'account:x:20000:1:/:/:1:0:1:1')],
    ['a hash that is none', withLine(/^key:/, 'key:x:644:0:0:zz')],
    ['the name of a file with a slash', withLine(/^key:/, `key:../x:644:0:0:${HASH}`)],
  ])('has %s', (_what, text) => {
    expect(parseInspection(text)).toBeNull();
  });

  it('is any answer that lacks a line or a character, and none of them throws', () => {
    const whole = answer(LINES);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(40), (at, length) => {
        const parsed = parseInspection(whole.slice(0, at) + whole.slice(at + 1 + length));
        // Cutting inside a value may leave another value, never one account or key file fewer.
        if (parsed) expect([parsed.accounts.length, parsed.keyFiles.length]).toEqual([1, 1]);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => parseInspection(text) === null));
  });
});

it('the drop-in that is looked for is the one that prepare_node installs', () => {
  const module = readFileSync(new URL('../../ansible/library/orion_prepare.py', import.meta.url), 'utf8');
  const content = /^CONTENT = '''(.*?)'''/ms.exec(module)?.[1] as string;
  expect(createHash('sha256').update(content).digest('hex')).toBe(DROP_IN_SHA256);
});
