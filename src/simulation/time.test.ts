import { describe, expect, it } from 'vitest';
import { createChance } from './chance.ts';
import { createProcess } from './process.ts';
import { createTime } from './time.ts';

describe('simulated time', () => {
  it('jumps to what is due, in the order of time and then of asking', () => {
    const time = createTime();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} at ${time.nowMs()}`);
    time.after(50, note('late'));
    time.after(10, note('first'));
    time.after(10, note('second'));
    time.after(20, note('never'))();
    while (time.advance(30));
    expect(seen).toEqual(['first at 10', 'second at 10']);
    expect(time.nowMs()).toBe(30);
    while (time.advance(100));
    expect(seen.at(-1)).toBe('late at 50');
  });

  it('keeps the order of many', () => {
    const time = createTime();
    const chance = createChance(4);
    const seen: number[] = [];
    for (let index = 0; index < 500; index++)
      time.after(chance.between(0, 300), () => void seen.push(time.nowMs()));
    while (time.advance(1_000));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen).toHaveLength(500);
  });
});

describe('a simulated process', () => {
  it('hears what it missed when it goes on, and nothing after its death', async () => {
    const time = createTime();
    const process = createProcess('p', time, { wallMs: 0, bootMs: 0 });
    const heard: string[] = [];
    process.clock.after(10, () => heard.push('ten'));
    process.stop();
    while (time.advance(20));
    expect(heard).toEqual([]);
    process.goOn();
    expect(heard).toEqual(['ten']);
    process.clock.after(10, () => heard.push('twenty'));
    process.kill();
    while (time.advance(50));
    expect(heard).toEqual(['ten']);
  });

  it('dies at the very call that it was told to, before or after its work', async () => {
    const work: string[] = [];
    for (const when of ['before', 'after'] as const) {
      const process = createProcess('p', createTime(), { wallMs: 0, bootMs: 0 });
      process.stopAt({ calls: 2, writesOnly: false, when, how: () => process.kill() });
      const call = (name: string) => void process.call(async () => void work.push(`${name} ${when}`));
      for (const name of ['one', 'two', 'three']) call(name);
    }
    expect(work).toEqual(['one before', 'one after', 'two after']);
  });
});

it('chance from a seed is the same each time, and each fork goes its own way', () => {
  const draw = (seed: number, name: string) => {
    const chance = createChance(seed).fork(name);
    return Array.from({ length: 5 }, () => chance.next());
  };
  expect(draw(1, 'a')).toEqual(draw(1, 'a'));
  expect(new Set([draw(1, 'a'), draw(1, 'b'), draw(2, 'a')].map(String)).size).toBe(3);
});
