// Shared by the steps of the set-up: running a program with a log, failing with one clear message, one at a time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const HOME = resolve(process.env.ORION_HOME ?? join(CHECKOUT, '.orion'));

const STEP_DEADLINE_MS = 20 * 60_000;
const LOCK_DEADLINE_MS = 20 * 60_000;

export class StepError extends Error {}

export function say(line) {
  process.stdout.write(`${line}\n`);
}

export function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

function logPathOf(step) {
  mkdirSync(join(HOME, 'logs'), { recursive: true, mode: 0o700 });
  return join(HOME, 'logs', `setup-${step}.log`);
}

/**
 * Runs a program to its end with its output in a log. `progress` picks the lines that are worth showing.
 * A failure names the step, the cause (the last line that looks like one) and the log.
 */
export async function runStep(step, command, args, { env = process.env, progress = () => null } = {}) {
  const logPath = logPathOf(step.id);
  const log = openSync(logPath, 'w', 0o600);
  writeSync(log, `${new Date().toISOString()} ${command} ${args.join(' ')}\n`);
  // Its own process group: a signal to this process ends the whole step, and Ctrl-C does not reach the step directly.
  const child = spawn(command, args, {
    cwd: CHECKOUT,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forget = endWithUs(child);
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), STEP_DEADLINE_MS);
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      appendFileSync(log, `${line}\n`);
      const shown = progress(line);
      if (shown) say(`  ${shown}`);
    });
  }
  const code = await new Promise((done) => {
    child.once('error', (error) => {
      appendFileSync(log, `error: ${error.message}\n`);
      done(127);
    });
    child.once('close', (exitCode, signal) => done(exitCode ?? signal));
  });
  clearTimeout(timer);
  forget();
  closeSync(log);
  if (code === 0) return;
  const lines = readFileSync(logPath, 'utf8').trim().split('\n');
  const cause = lines.findLast((line) => /^E: |error/i.test(line)) ?? lines.at(-1);
  throw new StepError(`${step.name} failed (${code}): ${cause}\nThe whole output is in ${logPath}`);
}

/** Runs a program as if it were this one; resolves with its exit code. */
export async function runForeground(command, args, env = {}) {
  const child = spawn(command, args, { cwd: CHECKOUT, stdio: 'inherit', env: { ...process.env, ...env } });
  const pass = (signal) => child.kill(signal);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass);
  return new Promise((done) => {
    child.once('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      done(1);
    });
    child.once('exit', (code) => done(code ?? 1));
  });
}

/** Of two runs at once, the second waits. The kernel frees an abstract socket however its owner ends. */
export async function withLock(name, work) {
  const key = createHash('sha256').update(name).digest('hex').slice(0, 32);
  const deadline = Date.now() + LOCK_DEADLINE_MS;
  let told = false;
  for (;;) {
    const release = await tryLock(`\0orion-setup-${key}`);
    if (release !== null) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (!told) say('Another set-up is running; waiting for it');
    told = true;
    if (Date.now() > deadline) throw new StepError('Another set-up has been running for too long');
    await sleep(200);
  }
}

function tryLock(address) {
  const server = createServer((socket) => socket.destroy());
  return new Promise((done, reject) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? done(null) : reject(error)));
    server.listen(address, () => done(() => server.close()));
  });
}

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function endWithUs(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const end = (signal) => {
    killGroup(child, 'SIGTERM');
    child.once('close', () =>
      fail(`Set-up was stopped by ${signal}; the next run continues from there.`, 130),
    );
  };
  for (const signal of signals) process.once(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}
