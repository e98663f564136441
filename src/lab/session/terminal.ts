import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderScreen } from './screen.ts';

export interface Stage {
  /** ORION_HOME of a running lab. */
  home: string;
  /** The command that starts `orion`, as words. */
  orion: string[];
  env: NodeJS.ProcessEnv;
}

const STEP_WITHIN_MS = 120_000;
const ENDS_WITHIN_MS = 10_000;
export const CTRL_C = '\u0003';
/** What a shell sends to its terminal with its prompt. It is invisible. */
const PROMPT_SHOWN = '\u001b]133;A\u0007';

/** A shell at a real terminal, as a person uses it. */
export interface Terminal {
  type(text: string): void;
  written(): string;
  /** How often the shell has shown its prompt. */
  prompts(): number;
  until(isThere: () => boolean, what: string): Promise<void>;
  close(): Promise<void>;
}

export async function openTerminal({ home, orion, env }: Stage): Promise<Terminal> {
  const folder = await mkdtemp(join(tmpdir(), 'orion-session-'));
  await writeFile(join(folder, 'rc'), rcOf(home, orion));
  // script(1) gives the shell a terminal. It is part of util-linux, so every Debian has it.
  const child = spawn('script', ['-qefc', `bash --noprofile --rcfile ${folder}/rc -i`, '/dev/null'], {
    env: { ...env, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let written = '';
  let look: () => void = () => undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written += text;
    look();
  });
  const closed = new Promise<void>((done) => child.once('close', () => done()));
  let hasEnded = false;
  void closed.then(() => {
    hasEnded = true;
    look();
  });

  return {
    type: (text) => void child.stdin.write(text),
    written: () => written,
    prompts: () => written.split(PROMPT_SHOWN).length - 1,
    until: (isThere, what) =>
      new Promise((done, fail) => {
        const end = (act: () => void) => {
          clearTimeout(timer);
          look = () => undefined;
          act();
        };
        const told = () => `\n${renderScreen(written).join('\n')}`;
        const timer = setTimeout(
          () => end(() => fail(new Error(`${what} did not come in ${STEP_WITHIN_MS / 1_000} s${told()}`))),
          STEP_WITHIN_MS,
        );
        look = () => {
          if (isThere()) end(done);
          else if (hasEnded) end(() => fail(new Error(`the shell ended before ${what}${told()}`)));
        };
        look();
      }),
    async close() {
      // What still runs there is ended first, as a person who leaves would do.
      child.stdin.end(`${CTRL_C}exit\r`);
      const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
      await closed;
      clearTimeout(timer);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What the shell reads at its start: an `orion` of this checkout, and nothing of the person who runs it. */
function rcOf(home: string, orion: string[]): string {
  const words = orion.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return [
    'stty cols 110 rows 40',
    `source '${home}/lab.env'`,
    `orion() { ${words} "$@"; }`,
    `PS1='\\[\\e]133;A\\a\\]$ '`,
    "bind 'set enable-bracketed-paste off'",
    'unset HISTFILE',
    '',
  ].join('\n');
}
