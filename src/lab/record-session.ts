import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { playSession } from './session/play.ts';
import { readTranscript, replaceTranscript } from './session/transcript.ts';
import { CHECKOUT, homeOf } from './settings.ts';
import { requireState } from './status.ts';

// Plays the README's session on the running lab, and records what the terminal then shows:
//   npm start, and in another terminal  npm run record

const path = join(CHECKOUT, 'README.md');
const document = await readFile(path, 'utf8');
const home = homeOf(process.env);
await requireState(home);
const orion = [process.execPath, join(CHECKOUT, 'dist', 'cli', 'orion.js')];
const { steps, raw } = await playSession({ home, orion, env: process.env }, readTranscript(document));
await writeFile(path, replaceTranscript(document, steps));
// The raw output with its colours, for a person to look at.
if (process.env.ORION_RECORD_RAW) await writeFile(process.env.ORION_RECORD_RAW, raw);
console.log(`${steps.length} commands were played, and ${path} was written.`);
