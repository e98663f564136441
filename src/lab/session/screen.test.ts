import { expect, test } from 'vitest';
import { renderScreen } from './screen.ts';

const ESC = '\u001b';

test.each([
  ['lines', 'one\r\ntwo\r\n', ['one', 'two', '']],
  ['a line that is drawn anew', 'waiting  1 s\rwaiting  2 s\r\n', ['waiting  2 s', '']],
  ['one that got shorter', `waiting  10 s\rdone${ESC}[K\r\n`, ['done', '']],
  ['colours', `${ESC}[32mActive${ESC}[0m ${ESC}[1;31mLost${ESC}[m`, ['Active Lost']],
  ['a table that is drawn over itself', `a 1\r\nb 1\r\n${ESC}[2Aa 2${ESC}[K\r\n${ESC}[J`, ['a 2', '']],
  ['titles and marks', `${ESC}]0;title\u0007${ESC}]133;A\u0007$ ls`, ['$ ls']],
  ['a letter that was taken back', 'lx\b \bs', ['ls']],
  ['a move to the right', `a${ESC}[3Cb`, ['a   b']],
])('%s', (_name, written, lines) => {
  expect(renderScreen(written)).toEqual(lines);
});
