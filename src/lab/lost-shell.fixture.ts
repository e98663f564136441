import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { renderScreen } from './session/screen.ts';
import { openTerminal, type Stage, type Terminal } from './session/terminal.ts';
import type { TestLab } from './test-lab.fixture.ts';

const WAIT = { timeout: 60_000, interval: 100 };

/** Types a sum: its result can't be the echo of what was typed. */
async function expectShell(terminal: Terminal, name: string): Promise<void> {
  terminal.type(`echo ${name}-$((40+2))\r`);
  await terminal.until(() => terminal.written().includes(`${name}-42`), `a shell: ${name}`);
}

/**
 * Somebody works in a shell, and a command runs beside it, while the machine is restarted; then the machine dies.
 * Returns what the person saw, and the id of the rental. The machine may be back before anybody asks for it, or only
 * after it was judged dead: the shell goes on in either case.
 */
export async function loseTheMachineTwice(
  test: TestLab,
  stage: Stage,
): Promise<{ id: string; screen: string }> {
  const terminal = await openTerminal(stage);
  try {
    terminal.type('orion rent --name shell\r');
    await terminal.until(() => terminal.prompts() === 2, 'the rental');
    const { id, status } = (await test.call('GET', '/api/rentals')).body.items[0];
    const { node } = status;
    await setLoss(test, id, { action: 'wait', after: '10m' });
    const command = runOnce(stage);
    terminal.type('orion ssh shell\r');
    await expectShell(terminal, 'before');
    await expect.poll(() => runs(test, node), WAIT).toBe('once');

    await test.lab.stopWorker(node);
    await test.lab.startWorker(node);
    await terminal.until(() => terminal.written().includes(`logging in to ${node}`), 'the machine is back');
    await expectShell(terminal, 'after');
    const { exitCode, stderr } = await command;
    expect(exitCode).toBe(255);
    expect(stderr).toContain('; it is not run again');
    expect(await runs(test, node)).toBe('once');
    await expect
      .poll(async () => (await test.events(`&rental=${id}`)).map(({ type }) => type), WAIT)
      .toContain('rental.restarted');
    // Announced at the first login after Orion knew of it: the one before, or this one.
    terminal.type('exit\r');
    await terminal.until(() => terminal.prompts() === 3, 'the end of the second shell');
    terminal.type('orion ssh shell\r');
    await expectShell(terminal, 'again');

    await setLoss(test, id, { action: 'migrate', after: '0s' });
    await test.lab.stopWorker(node);
    await terminal.until(() => terminal.written().includes(`was moved from ${node}`), 'the move');
    await expectShell(terminal, 'elsewhere');
    terminal.type('exit\r');
    await terminal.until(() => terminal.prompts() === 4, 'the end of the last shell');
    return { id, screen: renderScreen(terminal.written()).join('\n') };
  } finally {
    await terminal.close();
  }
}

async function setLoss(test: TestLab, id: string, onNodeLoss: object): Promise<void> {
  expect((await test.call('PATCH', `/api/rentals/${id}`, { onNodeLoss })).status).toBe(200);
}

async function runs(test: TestLab, node: string): Promise<string | undefined> {
  const found = await test.lab.workers.get(node)?.exec(['sh', '-c', 'cat /home/*/ran']);
  return found?.stdout;
}

/** A command that leaves a mark each time it is run, and would outlast the test. */
function runOnce({ home, orion, env }: Stage) {
  const words = [...orion, 'ssh', 'shell', '--', 'echo once >>ran; sleep 3000'];
  const script = `source '${join(home, 'lab.env')}'; exec "$@"`;
  return execa('bash', ['-c', script, 'bash', ...words], { env, reject: false, stdin: 'ignore' });
}
