import { expect, test } from 'vitest';
import type { PlacementView } from '../core/view/rental-view.ts';
import { formatPlacements } from './placements-text.ts';

const at = '2026-01-01T12:00:00.000Z';
const place = (epoch: number, cleaning: PlacementView['cleaning']) => ({
  epoch,
  node: 'w1',
  where: 'r_abc',
  startedAt: at,
  readyAt: at,
  endedAt: at,
  endReason: 'Moved',
  cleanedAt: cleaning?.outcome === 'clean' ? at : null,
  cleaning,
});
const clean = { outcome: 'clean', reason: 'Clean', message: 'verified clean', at } as const;

test('what cleaning met is told, and a node that was clean at once is not worth a word', () => {
  const found = { at, items: ['setuid file /tmp/sh', 'listener on 4444'], more: 3 };
  const message = 'Remove the account: \x1b[2Jdevice busy';
  const text = formatPlacements('RENTAL', [
    place(7, { attempts: 1, found: null, ...clean }),
    place(9, { attempts: 3, found, ...clean }),
    place(12, { attempts: 2, found: null, outcome: 'failed', reason: 'PlaybookFailed', message, at }),
  ]);
  expect(text).toBe(`Placements:
  EPOCH   RENTAL   READY                      ENDED                      WHY     CLEANED
  7       r_abc    ${at}   ${at}   Moved   ${at}
  9       r_abc    ${at}   ${at}   Moved   ${at}
  12      r_abc    ${at}   ${at}   Moved   -
Cleaning:
  placement 9 on w1: clean after 3 tries, at ${at}
      found at ${at}:
        setuid file /tmp/sh
        listener on 4444
        and 3 more
  placement 12 on w1: not clean after 2 tries: PlaybookFailed, at ${at}
      Remove the account: \\x1b[2Jdevice busy
`);
  expect(formatPlacements('NODE', [])).toBe('Placements:\n  none\n');
});
