import { expect, test } from 'vitest';
import { NOW } from '../rows.fixture.ts';
import { describePause, readPause } from './pause-text.ts';

test.each(['new switch', 'rack-a: new switch; back at 12:00Z: perhaps', null])(
  'what is told of a pause for %j can be read again from the end of a message',
  (reason) => {
    const told = `moved to b once Orion is resumed; ${describePause({ reason, at: NOW })}`;
    expect(readPause(told)).toEqual({ reason, at: NOW.toISOString() });
  },
);

test('other messages tell of no pause', () => {
  expect(readPause('every matching node is taken or unusable now')).toBeNull();
});
