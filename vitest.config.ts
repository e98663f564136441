import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { mutate } from './vitest.mutations.ts';

// Tiers, one after the other. `unit` is pure and quick. `simulation` is pure and takes all of a small machine for
// minutes. `integration` uses real parts (MariaDB, sshd, Ansible, Caddy), each file on its own ports. It waits for
// them about half of the time, so two files share the two cores of a small machine. `long` is like it, for what takes
// more than a minute besides the main story: every failure, every change of the fleet, every kind of drift. `compose`
// builds the images and plays the whole story on a Docker engine. `crash-points` and `soak` run on demand, for as
// long as somebody has.

/** On a busy machine things come late. By default vitest would give up after a second. */
const expect = { poll: { timeout: 60_000, interval: 100 } };

/** The longest files: begun last, they would run alone while the other processor idles. */
const SLOWEST = /lab\/(crash-points|fleet)\.|simulation\/histories\./;

/** No test may ask the machine's resolver for a public name. */
const setupFiles = ['src/project/no-public-names.fixture.ts'];

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSlow = ({ moduleId }: TestSpecification) => Number(SLOWEST.test(moduleId));
    return (await super.sort(files)).toSorted((a, b) => isSlow(b) - isSlow(a));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          expect,
          setupFiles,
          testTimeout: 120_000,
          // Some of its files wait for sockets and processes. By default vitest would use one processor of two.
          maxWorkers: 2,
          include: ['src/**/*.test.ts'],
          exclude: ['int', 'long', 'sim', 'crash', 'soak'].map((tier) => `src/**/*.${tier}.test.ts`),
        },
      },
      {
        test: {
          name: 'simulation',
          expect,
          setupFiles,
          include: ['src/**/*.sim.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'integration',
          setupFiles,
          expect,
          include: ['src/**/*.int.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        plugins: [mutate()],
        test: {
          name: 'long',
          setupFiles,
          expect,
          include: ['src/**/*.long.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
          testTimeout: 1_800_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'compose',
          setupFiles,
          expect,
          include: ['compose/test/*.compose.test.ts'],
          globalSetup: ['compose/test/setup.ts'],
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
          testTimeout: 600_000,
          hookTimeout: 1_200_000,
        },
      },
      {
        test: {
          name: 'crash-points',
          expect,
          setupFiles,
          include: ['src/**/*.crash.test.ts'],
          sequence: { groupOrder: 5 },
          testTimeout: 0,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'soak',
          expect,
          setupFiles,
          include: ['src/**/*.soak.test.ts'],
          sequence: { groupOrder: 6 },
          testTimeout: 0,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
