import { type Command, Option } from 'commander';
import { withHelp } from '../cli/help.ts';
import { stopLab } from './down.ts';
import { type Reloaded, reloadLab } from './reload.ts';
import { runLab } from './run.ts';
import { homeOf, LabError } from './settings.ts';
import { type LabStatus, readStatus, requireState } from './status.ts';
import { openWorker, type Worker } from './worker.ts';

/** Adds `orion lab …`, which works on the lab of ORION_HOME on this machine, from any terminal. */
export function registerLabCommands(program: Command): void {
  const lab = program
    .command('lab')
    .description('the lab on this machine: a database, a worker per node, daemon and proxy');
  const up = lab
    .command('up')
    .description('bring the lab up and stay in the foreground; Ctrl-C stops everything')
    .action(async () => {
      process.exitCode = await runLab(process.env);
    });
  withHelp(up, { about: WHICH, examples: [['orion lab up', 'like npm start, once everything is set up']] });
  const down = lab
    .command('down')
    .description('stop the lab, or remove what a killed one left behind')
    .action(() => withErrors(async () => console.log(DOWN_MESSAGES[await stopLab(homeOf(process.env))])));
  withHelp(down, { about: WHICH, examples: [['orion lab down', 'from any terminal']] });
  const status = lab
    .command('status')
    .description('which parts of the lab are running')
    .addOption(new Option('-o, --output <format>', 'a table when left out').choices(['json']))
    .action((options: { output?: string }) =>
      withErrors(async () => {
        const status = await readStatus(homeOf(process.env));
        console.log(options.output === 'json' ? JSON.stringify(status, null, 2) : describeStatus(status));
      }),
    );
  withHelp(status, {
    about: WHICH,
    examples: [
      ['orion lab status', 'each process, and the address'],
      ['orion lab status -o json', 'for a program'],
    ],
  });
  const reload = lab
    .command('reload')
    .description(
      'after a change of the inventory: create its machines, then have the daemons read it (SIGHUP)',
    )
    .action(() =>
      withErrors(async () => {
        const reloaded = await reloadLab(homeOf(process.env), process.env);
        console.log(describeReload(reloaded));
        if (reloaded.problems.length > 0) process.exitCode = 1;
      }),
    );
  withHelp(reload, { about: WHICH, examples: [['orion lab reload', 'after inventory.yaml was edited']] });
  registerPower(lab, 'stop', 'switch a worker off at once, as docker stop would', (worker) => worker.stop());
  registerPower(lab, 'start', 'switch a worker on again; its disk is as it was', (worker) => worker.start());
  registerPower(lab, 'freeze', 'suspend every process of a worker', (worker) => worker.freeze());
  registerPower(lab, 'thaw', 'resume a frozen worker', (worker) => worker.thaw());
}

const WHICH = 'The lab is the one in ORION_HOME (default: .orion in the checkout). Needs root.';

function describeReload({ problems, started, moved, left, daemons }: Reloaded): string {
  const list = (words: string, names: string[]) => (names.length > 0 ? `${words} ${names.join(', ')}\n` : '');
  const type = problems.length > 0 ? 'inventory.refused' : 'inventory.applied';
  return [
    ...problems.map((problem) => `${problem}\n`),
    list('Started', started),
    list('Moved', moved),
    list('No longer in the inventory, and running until emptied and cleaned:', left),
    daemons.length > 0
      ? `Sent SIGHUP to ${daemons.join(', ')}; for the result: ./bin/orion get events --type ${type}\n`
      : 'No daemon runs.\n',
  ]
    .join('')
    .trimEnd();
}

const DOWN_MESSAGES = {
  stopped: 'The lab is stopped.',
  removed: 'Removed what an earlier lab left behind.',
  nothing: 'Nothing runs.',
};

function registerPower(
  lab: Command,
  verb: string,
  description: string,
  act: (worker: Worker) => Promise<void>,
): void {
  const command = lab
    .command(verb)
    .description(description)
    .argument('<node>', 'name of a node of the inventory, such as worker_1')
    .action((name: string) =>
      withErrors(async () => {
        const home = homeOf(process.env);
        const { workers } = await requireState(home);
        const found = workers.find((worker) => worker.name === name);
        if (found === undefined) {
          const names = workers.map((worker) => worker.name).join(', ');
          throw new LabError(`There is no worker ${name} in this lab; there are ${names}.`);
        }
        await act(await openWorker({ home, ...found }));
      }),
    );
  withHelp(command, { about: WHICH, examples: [[`orion lab ${verb} worker_1`, description]] });
}

async function withErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

function describeStatus(status: LabStatus): string {
  const state = (pid: number | null) => (pid === null ? 'down' : `pid ${pid}`);
  const lines = [
    ...status.database.map(({ name, pid }) => [name, state(pid), '']),
    ...status.daemons.map(({ name, pid, leader }) => [name, state(pid), leader ? 'leader' : '']),
    ...status.workers.map(({ name, port, running }) => [
      name,
      running ? 'running' : 'stopped',
      `port ${port}`,
    ]),
    ['proxy', state(status.proxy.pid), status.proxy.url],
  ];
  const widths = [0, 1].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
