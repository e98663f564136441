import { type Command, InvalidArgumentError } from 'commander';
import type { Tenant } from '../../client/protocol/operations.ts';
import { durationText } from '../arguments.ts';
import { CliError, EXIT } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { withHelp } from '../help.ts';
import { createPrinter, type Format, isForPeople, printData, withOutput } from '../output.ts';
import type { Resource } from '../resources.ts';
import { formatAge } from '../table.ts';

/** Removes a limit. */
const NONE = 'none';

interface SetOptions {
  maxRentals?: number | typeof NONE;
  maxTtl?: string;
  rate?: number | typeof NONE;
  maxWaits?: number | typeof NONE;
  maxWatches?: number | typeof NONE;
  output?: Format;
}

const TENANTS: Resource<Tenant> = {
  singular: 'tenant',
  nameOf: (tenant) => tenant.name,
  idOf: (tenant) => tenant.name,
  columns: () => [
    { header: 'NAME', cell: (tenant) => tenant.name },
    { header: 'RENTALS', cell: (tenant) => String(tenant.used.rentals) },
    { header: 'AT MOST', cell: (tenant) => limitOf(tenant.limits.maxRentals) },
    { header: 'LONGEST TTL', cell: (tenant) => limitOf(tenant.limits.maxTtl) },
    { header: 'REQUESTS/MIN', cell: (tenant) => limitOf(tenant.limits.requestsPerMinute) },
    { header: 'WAITS', cell: (tenant) => limitOf(tenant.limits.maxWaits) },
    { header: 'WATCHES', cell: (tenant) => limitOf(tenant.limits.maxWatches) },
    { header: 'SET', volatile: true, cell: (tenant, now) => formatAge(tenant.updatedAt, now) },
  ],
};

export function registerTenant(program: Command, context: Context): void {
  const tenant = program.command('tenant').description('tenants: their limits and usage');

  const listCommand = withOutput(
    tenant.command('list').description('list tenants with their limits and usage'),
  ).action((options: { output?: Format }) => list(context, options.output));
  withHelp(listCommand, {
    about: 'For administrators. Lists tenants with a limit, a rental that has not ended, or a token.',
    examples: [['orion tenant list', 'how many machines each has, and may have']],
  });

  const getCommand = withOutput(
    tenant.command('get').description('show one tenant').argument('<tenant>', 'its name'),
  ).action(async (name: string, options: { output?: Format }) => {
    const found = await context.client().call('getTenant', { params: { name: nameOf(name) } });
    printOne(context, found, options.output);
  });
  withHelp(getCommand, {
    about: 'Tenants may ask for their own.',
    examples: [['orion tenant get demo', 'the limits of demo, and how much is used']],
    failed: 'failed, or there is no such tenant',
  });

  const setCommand = withOutput(
    tenant
      .command('set')
      .description('set the limits of a tenant')
      .argument('<tenant>', 'its name')
      .option('--max-rentals <number>', 'rentals at once, waiting ones included', orNone(wholeFrom(0)))
      .option('--max-ttl <duration>', 'the longest lease', orNone(durationText))
      .option('--rate <number>', 'requests to the API per minute', orNone(wholeFrom(1)))
      .option('--max-waits <number>', 'rents that wait at once, for each token', orNone(wholeFrom(0)))
      .option('--max-watches <number>', 'watches open at once, for each token', orNone(wholeFrom(0))),
  ).action((name: string, options: SetOptions) => set(context, nameOf(name), options));
  withHelp(setCommand, {
    about:
      'For administrators. "none" lifts a limit, and omitted ones stay. Limits apply from the next request on: what a tenant already has is not taken away.',
    examples: [
      ['orion tenant set demo --max-rentals 3 --max-ttl 2h', 'at most three machines, for two hours each'],
      ['orion tenant set demo --rate 600', 'at most ten requests a second, over a minute'],
      ['orion tenant set demo --max-rentals none', 'as many machines as there are'],
    ],
  });
}

async function list({ client, io }: Context, format: Format | undefined): Promise<void> {
  const tenants = await client().listAll('listTenants', {});
  createPrinter(io, TENANTS, format).list(tenants);
  if (tenants.length === 0 && isForPeople(format)) io.err('There are no tenants.\n');
}

async function set(context: Context, name: string, options: SetOptions): Promise<void> {
  const { maxRentals, maxTtl, rate, maxWaits, maxWatches, output } = options;
  const limits = {
    ...(maxRentals === undefined ? {} : { maxRentals: limitTo(maxRentals) }),
    ...(maxTtl === undefined ? {} : { maxTtl: limitTo(maxTtl) }),
    ...(rate === undefined ? {} : { requestsPerMinute: limitTo(rate) }),
    ...(maxWaits === undefined ? {} : { maxWaits: limitTo(maxWaits) }),
    ...(maxWatches === undefined ? {} : { maxWatches: limitTo(maxWatches) }),
  };
  if (Object.keys(limits).length === 0) {
    throw new CliError('no limit is named', {
      exitCode: EXIT.usage,
      hint: 'name at least one of --max-rentals, --max-ttl, --rate, --max-waits and --max-watches',
    });
  }
  const changed = await context.client().call('limitTenant', { params: { name }, body: limits });
  printOne(context, changed, output);
}

function printOne({ io }: Context, tenant: Tenant, format: Format | undefined): void {
  if (!printData(io, format, tenant)) createPrinter(io, TENANTS, format).list([tenant]);
}

function nameOf(text: string): string {
  return text.replace(/^tenant\//, '');
}

function limitOf(limit: number | string | null): string {
  return limit === null ? '-' : String(limit);
}

function orNone<Value>(parse: (text: string) => Value): (text: string) => Value | typeof NONE {
  return (text) => (text === NONE ? NONE : parse(text));
}

function limitTo<Value>(option: Value): Exclude<Value, typeof NONE> | null {
  return option === NONE ? null : (option as Exclude<Value, typeof NONE>);
}

function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    if (!/^\d{1,7}$/.test(text) || Number(text) < least)
      throw new InvalidArgumentError(`Expected a whole number from ${least} on, or none.`);
    return Number(text);
  };
}
