import type { Command } from 'commander';
import type { CheckedInvariant } from '../../store/check.ts';
import { EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { type Format, printData, withOutput } from '../output.ts';
import { createTable, printable } from '../table.ts';
import { requireConfig } from './daemon.ts';

export function registerCheck(program: Command, context: Context): void {
  const command = withOutput(
    program.command('check').description('verify on the live database what must always hold'),
    ['json', 'yaml'],
  ).action(({ output }: { output?: Format }) => check(context, output));
  withHelp(command, {
    about: 'Reads the database that ORION_DATABASE_URL names; writes and locks nothing.',
    examples: [
      ['orion check', 'each invariant, and whether it holds'],
      ['orion check -o json', 'for a program, such as an hourly job'],
    ],
    failed: 'something that must always hold does not, or could not be checked',
  });
}

async function check(context: Context, format: Format | undefined): Promise<void> {
  const { io } = context;
  const { databaseUrl } = requireConfig(io.env);
  const { checkInvariants } = await import('../../store/check.ts');
  const checkedAt = io.now().toISOString();
  const invariants = await checkInvariants(databaseUrl);
  const bad = invariants.filter(({ broken }) => broken !== 0);
  const ok = bad.length === 0;
  if (!ok) context.exitWith(EXIT.failed);
  if (printData(io, format, { ok, checkedAt, invariants })) return;
  const table = createTable(['INVARIANT', 'RESULT', 'WHAT HOLDS']);
  io.out(table.format(invariants.map((entry) => [entry.name, resultOf(entry), entry.promise])));
  for (const entry of bad) io.out(formatViolations(entry));
  const broken = bad.filter((entry) => entry.broken !== null);
  io.err(
    ok
      ? `All ${invariants.length} invariants hold.\n`
      : `${broken.length} of ${invariants.length} invariants are broken: ${broken.map(({ name }) => name).join(', ')}\n`,
  );
}

function resultOf({ broken }: CheckedInvariant): string {
  if (broken === null) return 'not checked';
  return broken === 0 ? 'ok' : `BROKEN (${broken})`;
}

/** Each place on its own line, so that it can be searched for in the history. */
function formatViolations({ name, promise, broken, violations }: CheckedInvariant): string {
  if (violations.length === 0) return '';
  const lines = violations.map(({ subject, detail }) => `  ${printable(subject)}: ${printable(detail)}\n`);
  const more = (broken ?? 0) - violations.length;
  if (more > 0) lines.push(`  and ${more} more\n`);
  return `\n${name}: not true that ${promise}:\n${lines.join('')}`;
}
