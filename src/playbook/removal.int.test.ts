import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runRemoval } from './removal.fixture.ts';

describe('what a tenant left', () => {
  test('goes whatever its names, kinds, owners and depth; what somebody mounted in there stays and is told', async () => {
    const { left, kept, troubles } = (await runRemoval(`
mount('size=64m')
os.makedirs('/opt/kept-' + str(os.getpid())); kept = '/opt/kept-' + str(os.getpid())
try:
    subprocess.run(['mount', '-t', 'tmpfs', 'none', kept], check=True)
    open(kept + '/file', 'w').close()
    top = '/mnt/tmp/theirs'
    os.mkdir(top); own(top)
    for byte in [b for b in range(1, 256) if b != 47]:
        name = os.fsencode(top) + b'/x' + bytes([byte])
        os.mkdir(name); open(name + b'/f', 'w').close()
    for letter in 'ab':
        os.makedirs(top + '/' + letter * 255 + '/' + letter * 255)
    open(top + '/one', 'w').close(); os.link(top + '/one', '/mnt/tmp/two'); own(top + '/one')
    os.mkfifo(top + '/fifo'); os.symlink('/opt', top + '/link'); os.symlink('/opt', '/mnt/tmp/link'); own('/mnt/tmp/link')
    os.mkdir(top + '/closed'); os.mkdir(top + '/closed/in'); os.chmod(top + '/closed', 0)
    os.makedirs(top + '/shared/of-others/more'); os.chmod(top + '/shared', 0o1777); own(top + '/shared/of-others', 1234)
    os.makedirs(top + '/a/b/deeper'); open(top + '/a/b/file', 'w').close(); os.mkdir(top + '/mounted')
    for point in '/a/b/deeper', '/mounted':
        subprocess.run(['mount', '--bind', kept, top + point], check=True)
    os.makedirs('/mnt/tmp/of-others/below'); own('/mnt/tmp/of-others', 1234)
    open('/mnt/tmp/of-others/below/theirs', 'w').close(); own('/mnt/tmp/of-others/below/theirs')
    chain('/mnt/tmp/deep', 5000)
    sweep = Sweep(UID, set(), lambda: False)
    sweep.place('/mnt/tmp')
    files = subprocess.run(['find', '/mnt/tmp', '-xdev', '-mindepth', '1', '-printf', '%f\\n'], capture_output=True, text=True)
    names = [name for name in files.stdout.split() if not name.startswith('.orion-')]
    print(json.dumps({'left': sorted(names), 'kept': os.listdir(kept), 'troubles': sweep.troubles}))
finally:
    subprocess.run(['umount', '-l', kept]); os.rmdir(kept)`)) as Record<string, string[]>;
    expect(kept).toEqual(['file']);
    expect(left).toEqual(['below', 'deeper', 'mounted', 'of-others', 'theirs']);
    expect(troubles?.toSorted()).toEqual(
      ['deeper', 'mounted'].map((name) => `/mnt/tmp/theirs/.../${name}: Device or resource busy`),
    );
  });

  test('goes when there is no room for a name more', async () => {
    const { before, left, troubles, full } = (await runRemoval(`
mount('nr_inodes=600')
chain('/mnt/tmp/deep', 200)
os.mkdir('/mnt/tmp/wide'); own('/mnt/tmp/wide')
full = False
try:
    for number in range(600):
        os.makedirs('/mnt/tmp/wide/%d/below' % number)
except OSError as error:
    full = error.errno == errno.ENOSPC
before = count()
sweep = Sweep(UID, set(), lambda: False)
sweep.place('/mnt/tmp')
print(json.dumps({'before': before, 'left': count(), 'troubles': sweep.troubles, 'full': full}))`)) as Record<
      string,
      unknown
    >;
    expect({ full, left, troubles }).toEqual({ full: true, left: 0, troubles: [] });
    expect(before).toBeGreaterThan(500);
  });
});

describe('of many directories in one folder', () => {
  const WIDE = (directories: number) => `
mount('size=1g')
os.mkdir('/mnt/tmp/wide'); own('/mnt/tmp/wide')
for number in range(${directories}):
    os.mkdir('/mnt/tmp/wide/%d' % number); os.mkdir('/mnt/tmp/wide/%d/below' % number)
    open('/mnt/tmp/wide/%d/file' % number, 'w').close()
`;

  test('twice as many take twice the work, and are removed as they are found', async () => {
    const home = mkdtempSync(join(tmpdir(), 'orion-removal-'));
    try {
      const calls: string[][] = [];
      for (const directories of [300, 600]) {
        const log = join(home, String(directories));
        const script = `${WIDE(directories)}
os.path.exists('/begin-of-removal')
sweep = Sweep(UID, set(), lambda: False)
sweep.place('/mnt/tmp')
print(json.dumps(count()))`;
        expect(await runRemoval(script, ['strace', '-qq', '-e', 'trace=%file,%desc', '-o', log])).toBe(0);
        const lines = readFileSync(log, 'utf8').split('\n');
        calls.push(lines.slice(lines.findIndex((line) => line.includes('/begin-of-removal'))));
      }
      const [once, twice] = calls as [string[], string[]];
      expect(once.length).toBeGreaterThan(1_000);
      expect(twice.length / once.length).toBeLessThan(2.2);
      // Without reading all of them first.
      expect(twice.findIndex((line) => /^(unlink|rmdir)/.test(line))).toBeLessThan(100);
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  test('no list is kept: a hundred times as many take no more memory', async () => {
    const peaks = [];
    for (const directories of [100, 10_000]) {
      peaks.push(
        await runRemoval(`${WIDE(directories)}
import tracemalloc
tracemalloc.start()
sweep = Sweep(UID, set(), lambda: False)
sweep.place('/mnt/tmp')
peak = tracemalloc.get_traced_memory()[1]
assert count() == 0
print(json.dumps(peak))`),
      );
    }
    const [few, many] = peaks as [number, number];
    expect(many - few).toBeLessThan(100_000);
  });

  test('a try that runs out of time has removed something, says so, and the next one goes on', async () => {
    const { tries, reasons, left } = (await runRemoval(`${WIDE(2_000)}
tries, reasons, left = 0, set(), [count()]
while left[-1] > 0 and tries < 200:
    looks = iter(range(10))
    sweep = Sweep(UID, set(), lambda: next(looks, None) is None)
    try:
        sweep.place('/mnt/tmp')
    except Refusal as refusal:
        reasons.add(refusal.reason)
    tries += 1
    left.append(count())
print(json.dumps({'tries': tries, 'reasons': sorted(reasons), 'left': left}))`)) as {
      tries: number;
      reasons: string[];
      left: number[];
    };
    expect(left.at(-1)).toBe(0);
    expect(reasons).toEqual(['RemovalUnfinished']);
    expect(tries).toBeGreaterThan(3);
    expect(left.every((number, index) => index === 0 || number < (left[index - 1] as number))).toBe(true);
  });
});
