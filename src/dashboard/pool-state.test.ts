import { describe, expect, test } from 'vitest';
import { describePause } from '../core/rental/pause-text.ts';
import { AT, atSecond, poolOf, readyOf, rentalOf } from './dashboard.fixture.ts';
import { bannersOf, pauseToldBy } from './pool-state.ts';

const pause = { reason: 'new switch', by: 'admin (t_1) of lab', at: AT };

describe('what everybody has to know first', () => {
  test('is nothing while all is well, and while nothing is known', () => {
    expect(bannersOf(poolOf(), null)).toEqual([]);
    expect(bannersOf(null, null)).toEqual([]);
  });

  test('is that the breaker is open, and that Orion is paused: why, by whom and since when', () => {
    const banners = bannersOf(poolOf({ isOpen: true, pause }), pause);
    expect(banners.map(({ kind, tone, since }) => [kind, tone, since])).toEqual([
      ['breaker', 'alarm', atSecond(10)],
      ['paused', 'notice', AT],
    ]);
    expect(banners[0]?.text).toBe('2 of 3 nodes are unhealthy');
    expect(banners[1]?.text).toBe('new switch · by admin (t_1) of lab');
    expect(bannersOf(poolOf(), { ...pause, reason: null })[0]?.text).toMatch(/^No reason was given/);
  });

  test('is for clients why it is paused, and not by whom', () => {
    const [banner] = bannersOf(null, { ...pause, by: null });
    expect(banner).toMatchObject({ text: 'new switch', since: AT });
    expect(banner?.title).toContain('your requests wait');
  });
});

describe('a pause as clients are told of it', () => {
  const held = (id: string, second: number, reason: string | null) =>
    rentalOf(id, {
      phase: 'Pending',
      conditions: [
        readyOf('Paused', `another node is chosen once Orion is resumed; ${told(second, reason)}`),
      ],
    });
  const told = (second: number, reason: string | null) =>
    describePause({ reason, at: new Date(atSecond(second)) });

  test('comes from the rentals that wait for its end', () => {
    expect(pauseToldBy([rentalOf('r_1'), held('r_2', 1, 'new switch')])).toEqual({
      reason: 'new switch',
      by: null,
      at: atSecond(1),
    });
    expect(pauseToldBy([rentalOf('r_1')])).toBeNull();
  });

  test('is the last one, and none where the rental has ended', () => {
    expect(pauseToldBy([held('r_1', 5, null), held('r_2', 1, 'older')])?.at).toBe(atSecond(5));
    const over = held('r_1', 5, 'x');
    expect(pauseToldBy([{ ...over, status: { ...over.status, phase: 'Released' } }])).toBeNull();
  });

  test('is not taken from what another reason says', () => {
    const conditions = [readyOf('NoFreeNode', told(1, 'new switch'))];
    expect(pauseToldBy([rentalOf('r_1', { conditions })])).toBeNull();
  });
});
