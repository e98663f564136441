import { expect, test } from 'vitest';
import { runRemoval } from './removal.fixture.ts';

test('a million entries go in bounded memory, in tries that each have a part of the time', async () => {
  const { left, megabytes, tries } = (await runRemoval(`
mount('size=4g,nr_inodes=0')
os.mkdir('/mnt/tmp/wide'); own('/mnt/tmp/wide'); os.chdir('/mnt/tmp/wide')
for number in range(400_000):
    os.mkdir('%d' % number)
for number in range(200_000):
    os.mkdir('%d/d' % number); os.mkdir('%d/d/d' % number); os.mknod('%d/d/d/f' % number)
os.chdir('/')
tries = 0
while True:
    tries += 1
    looks = iter(range(5_000))
    sweep = Sweep(UID, set(), lambda: next(looks, None) is None)
    try:
        sweep.place('/mnt/tmp')
        break
    except Refusal as refusal:
        assert refusal.reason == 'RemovalUnfinished', refusal
kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({'left': count(), 'tries': tries, 'megabytes': kilobytes // 1024}))`)) as Record<
    string,
    number
  >;
  expect(left).toBe(0);
  expect(megabytes).toBeLessThan(64);
  expect(tries).toBeGreaterThan(3);
});
