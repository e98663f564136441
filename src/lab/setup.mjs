#!/usr/bin/env node
// Sets up what an npm command needs, from a fresh clone on, and then runs it. Plain JavaScript without
// dependencies, because it runs before there are any packages. What is already there is skipped.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installDebianPackages } from './setup-debian.mjs';
import { buildProject, installNpmPackages } from './setup-project.mjs';
import { CHECKOUT, fail, StepError } from './setup-steps.mjs';
import { runVitest, VITEST } from './setup-tests.mjs';

const NEEDED_NODE = [20, 19];
const COMPOSE_WAY = 'Elsewhere, use Docker: README.md, chapter "With Docker".';

const COMMANDS = {
  start: runLab,
  test: (args) =>
    runVitest(['--project', 'unit', '--project', 'simulation', '--project', 'integration', ...args]),
  'test:long': (args) => runVitest(['--project', 'long', ...args]),
  'test:compose': (args) => runVitest(['--project', 'compose', ...args]),
  bench: runBench,
  simulate: runSimulation,
  'crash-points': (args) => runVitest(['--project', 'crash-points', ...args]),
  soak: (args) => runVitest(['--project', 'soak', ...args]),
  setup: () => 0,
};

/** For tests that lose packets, kill at system calls, and take a control account's rights away. */
const FAULT_TOOLS = ['iptables', 'strace', 'sudo'];
/** For tests that use the dashboard as people do. */
const BROWSER = ['chromium'];
/** An engine to test the compose files on, and tools to make base images where they can't be pulled. */
const DOCKER = ['docker.io', 'docker-compose', 'debootstrap', 'iptables'];
const NEEDED_TOO = {
  test: BROWSER,
  'test:long': [...FAULT_TOOLS, ...BROWSER],
  'test:compose': DOCKER,
  'crash-points': FAULT_TOOLS,
};

const [command = 'start', ...args] = process.argv.slice(2);
const run = COMMANDS[command];
if (run === undefined) fail(`Unknown command ${command}; there are ${Object.keys(COMMANDS).join(', ')}.`, 2);
checkMachine();
endWithNpm();
try {
  await installDebianPackages(NEEDED_TOO[command] ?? []);
  await installNpmPackages();
  await buildProject();
} catch (error) {
  if (error instanceof StepError) fail(error.message, 1);
  throw error;
}
process.exit(await run(args));

/** Fails with one sentence on what is missing, before anything is changed. */
function checkMachine() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor < NEEDED_NODE[1])) {
    fail(`Orion needs Node.js ${NEEDED_NODE.join('.')} or newer; this is ${process.versions.node}.`, 1);
  }
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-query')) {
    fail(`The lab needs Debian or Ubuntu, because it installs Debian packages. ${COMPOSE_WAY}`, 1);
  }
  if (process.getuid() !== 0) {
    fail(
      `The lab needs root, because its workers are made of namespaces and mounts: use sudo npm ${command === 'start' || command === 'test' ? command : `run ${command}`}. ${COMPOSE_WAY}`,
      1,
    );
  }
}

/**
 * npm runs this through a shell, which dies of the SIGTERM that npm passes on and does not pass it on itself. So
 * the end of that shell counts as the signal. Only under npm: a lab in the background may outlive its terminal.
 */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  timer.unref();
}

/** Runs in this process, so that a signal to it is a signal to the lab. */
async function runLab() {
  const { runLab: runInForeground } = await import('../../dist/lab/run.js');
  return runInForeground(process.env);
}

function runSimulation(args) {
  return runSource(join(CHECKOUT, 'src', 'simulation', 'simulate.ts'), args);
}

async function runBench([name, ...args]) {
  const path = join(CHECKOUT, 'bench', `${name}.ts`);
  if (name === undefined || !existsSync(path)) fail(`Which one? npm run bench NAME, with bench/NAME.ts`, 2);
  return await runSource(path, args);
}

/** An instrument, which is not part of the build. */
async function runSource(path, args) {
  // It finds its own arguments where a program started by hand would.
  process.argv = [process.argv[0], path, ...args];
  // vitest's own Vite runs TypeScript as the tests see it, with paths relative to the sources.
  const { runnerImport } = await import(pathToFileURL(createRequire(VITEST).resolve('vite')).href);
  await runnerImport(path, { root: CHECKOUT, configFile: false, logLevel: 'warn' });
  return process.exitCode ?? 0;
}
