import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOrion } from '../cli/fake-api.fixture.ts';
import type { Leadership } from '../core/ports/leadership.ts';
import { type ScratchServer, startScratchServer } from '../lab/scratch-database.ts';
import { createLives, type Lives } from './check.fixture.ts';
import { checkConnection, checkInvariants } from './check.ts';
import { createPool, type Pool } from './connection/pool.ts';
import { lease } from './contract/contract.fixture.ts';
import { INVARIANTS } from './invariants.ts';
import { migrate } from './migration/migrate.ts';
import { createStore } from './store.ts';

let server: ScratchServer;
beforeAll(async () => {
  server = await startScratchServer();
});
afterAll(() => server?.stop());

/** A database of its own, with a leader. */
async function open(): Promise<{ url: string; pool: Pool; lives: Lives }> {
  const url = await server.createDatabase();
  // Longer than the daemon's own limit: the load on this machine must not matter here.
  const pool = createPool({ url, statementMs: 60_000 });
  await migrate(pool);
  const store = createStore(pool);
  return { url, pool, lives: createLives(store, (await store.acquire(lease)) as Leadership) };
}

const namesOf = (checked: { name: string; broken: number | null }[]) =>
  checked.filter(({ broken }) => broken !== 0).map(({ name }) => name);

/** r_1 has n1; r_2 had n2, which is being cleaned; r_3 had n3 and is over; r_4 waits; n4 is free. */
async function fill(lives: Lives): Promise<void> {
  await lives.join(['n1', 'n2', 'n3', 'n4']);
  for (const id of ['r_1', 'r_2', 'r_3', 'r_4']) await lives.rent(id);
  const epochs = [
    await lives.place('r_1', 'n1'),
    await lives.place('r_2', 'n2'),
    await lives.place('r_3', 'n3'),
  ] as const;
  await lives.confirm('r_1', 'n1', epochs[0]);
  await lives.confirm('r_3', 'n3', epochs[2]);
  await lives.release('r_2', 'n2', epochs[1]);
  await lives.release('r_3', 'n3', epochs[2]);
  await lives.clean('r_3', 'n3', epochs[2]);
}

/** A copy of a rental's placement with some columns changed. It keeps `started_at`, which is in the history. */
const copyOf = (rental: string, different: Record<string, string>) => {
  const columns = [
    ...['epoch', 'rental_id', 'node', 'role', 'account', 'uid', 'started_at', 'ready_at'],
    ...['ended_at', 'cleaned_at'],
  ];
  const values = columns.map((column) => different[column] ?? column);
  return `INSERT INTO placements (${columns}) SELECT ${values} FROM placements WHERE rental_id = '${rental}'`;
};
/** A number that no event and no placement has. */
const RAISE = `UPDATE leases SET seq = seq + 100`;
const UNUSED = '(SELECT seq - 50 FROM leases)';
const LONG_AGO = "'2020-01-01'";
const AN_HOUR_AGO = 'now(3) - INTERVAL 61 MINUTE';

const DAMAGES: [invariant: string, what: string, statements: string[]][] = [
  [
    'one-placement-per-node',
    'a second rental on a node',
    [RAISE, copyOf('r_2', { epoch: UNUSED, node: "'n1'", uid: '20900', ended_at: 'NULL' })].concat(
      "UPDATE nodes SET next_uid = 30000 WHERE name = 'n1'",
      "UPDATE rentals SET phase = 'Provisioning' WHERE id = 'r_2'",
    ),
  ],
  [
    'one-placement-per-role',
    'a second serving placement of a rental',
    [
      RAISE,
      "UPDATE nodes SET state = 'allocated', next_uid = 30000 WHERE name = 'n4'",
      copyOf('r_1', { epoch: UNUSED, node: "'n4'" }),
    ],
  ],
  [
    'incoming-beside-serving',
    'an incoming placement alone',
    [
      "UPDATE placements SET role = 'incoming' WHERE rental_id = 'r_1'",
      "UPDATE rentals SET phase = 'Provisioning' WHERE id = 'r_1'",
    ],
  ],
  ['free-is-empty', 'a free node with a client', ["UPDATE nodes SET state = 'free' WHERE name = 'n1'"]],
  ['free-is-clean', 'a free node with residue', ["UPDATE nodes SET state = 'free' WHERE name = 'n2'"]],
  [
    'in-use-is-placed',
    'an allocated node that nobody has',
    ["UPDATE nodes SET state = 'allocated' WHERE name = 'n4'"],
  ],
  ['placed-on-a-node', 'a client on a node that is not listed', ["DELETE FROM nodes WHERE name = 'n1'"]],
  [
    'placed-on-a-node',
    'a client on a node that is being cleaned',
    ["UPDATE nodes SET state = 'cleaning' WHERE name = 'n1'"],
  ],
  [
    'ended-has-nothing',
    'a rental that ended and has a node',
    ["UPDATE rentals SET phase = 'Released', ended_at = now(3) WHERE id = 'r_1'"],
  ],
  ['ended-has-nothing', 'a rental that is lost and has a node', ["DELETE FROM rentals WHERE id = 'r_1'"]],
  [
    'ready-where-it-is',
    'an active rental whose account was never ready',
    ["UPDATE placements SET ready_at = NULL WHERE rental_id = 'r_1'"],
  ],
  [
    'ready-where-it-is',
    'a lost rental without a placement',
    ["UPDATE rentals SET phase = 'Lost' WHERE id = 'r_4'"],
  ],
  [
    'phase-is-true',
    'a rental that is released and has not ended',
    ["UPDATE rentals SET phase = 'Released' WHERE id = 'r_4'"],
  ],
  [
    'phase-is-true',
    'a pending rental that has a node',
    ["UPDATE rentals SET phase = 'Pending' WHERE id = 'r_1'"],
  ],
  [
    'times-in-order',
    'a placement that is cleaned while it lives',
    ["UPDATE placements SET cleaned_at = now(3) WHERE rental_id = 'r_1'"],
  ],
  [
    'times-in-order',
    'a placement that was cleaned before it ended',
    [`UPDATE placements SET cleaned_at = ${LONG_AGO} WHERE rental_id = 'r_3'`],
  ],
  [
    'epochs-once',
    'two placements of one epoch',
    [copyOf('r_3', { uid: '20900' })].concat("UPDATE nodes SET next_uid = 30000 WHERE name = 'n3'"),
  ],
  [
    'epochs-once',
    'an epoch that was not given yet',
    ["UPDATE placements SET epoch = 90000 WHERE rental_id = 'r_3'"],
  ],
  [
    'events-once',
    'two events of one number',
    ["UPDATE events SET seq = 1 WHERE type = 'rental.active' OR seq = 1"],
  ],
  ['events-once', 'a number that was not given yet', ['UPDATE events SET seq = 90000 LIMIT 1']],
  [
    'events-once',
    'a number that is an epoch, too',
    ['UPDATE events SET seq = (SELECT max(epoch) FROM placements) LIMIT 1'],
  ],
  ['uids-once', 'a uid that was given twice', [RAISE, copyOf('r_3', { epoch: UNUSED })]],
  ['uids-once', 'a uid that will be given twice', ["UPDATE nodes SET next_uid = 20000 WHERE name = 'n3'"]],
  [
    'access-is-told',
    'a begin that nobody was told of',
    ["DELETE FROM events WHERE type = 'rental.placed' AND rental_id = 'r_1'"],
  ],
  [
    'access-is-told',
    'an end that nobody was told of',
    ["UPDATE events SET at = at - INTERVAL 1 SECOND WHERE rental_id = 'r_2' AND type LIKE 'rental.relea%'"],
  ],
  [
    'writes-are-seen',
    'a rental that the reconciler does not see',
    ["UPDATE rentals SET dirty = true WHERE id = 'r_4'"].concat(
      `UPDATE events SET at = ${AN_HOUR_AGO} WHERE rental_id = 'r_4'`,
    ),
  ],
  [
    'writes-are-seen',
    'a node that the reconciler does not see',
    [
      `UPDATE nodes SET state_since = ${AN_HOUR_AGO}, generation = generation + 1 WHERE name = 'n4'`,
      "UPDATE events SET at = now(3) - INTERVAL 2 MINUTE WHERE node = 'n4'",
    ],
  ],
  [
    'writes-are-seen',
    'an event that gets no number',
    [
      `INSERT INTO events (type, at, reason, message) VALUES ('node.cordoned', ${AN_HOUR_AGO}, 'Cordoned', '')`,
    ],
  ],
  [
    'nothing-is-overdue',
    'a lease that is over',
    ["UPDATE rentals SET expires_at = now(3) - INTERVAL 2 MINUTE WHERE id = 'r_1'"],
  ],
  [
    'nothing-is-overdue',
    'a release that nobody does',
    ["UPDATE rentals SET release_requested_at = now(3) - INTERVAL 2 MINUTE WHERE id = 'r_1'"],
  ],
  [
    'nothing-is-overdue',
    'a node that nobody cleans',
    [`UPDATE nodes SET state_since = ${AN_HOUR_AGO}, next_attempt_at = state_since WHERE name = 'n2'`],
  ],
];

/** The database itself prevents these violations. Without its keys, the check has to find them. */
const WITHOUT_KEYS = [
  'DROP INDEX placements_live_node ON placements',
  'DROP INDEX placements_live_rental_role ON placements',
  'ALTER TABLE placements DROP PRIMARY KEY',
  'DROP INDEX events_seq ON events',
];

describe('in a database whose keys are gone', () => {
  let pool: Pool;
  beforeAll(async () => {
    const opened = await open();
    pool = opened.pool;
    await fill(opened.lives);
    for (const statement of WITHOUT_KEYS) await pool.withConnection(({ execute }) => execute(statement));
  });
  afterAll(() => pool?.close());

  /** The invariants that these statements break. The statements are rolled back. */
  const brokenAfter = (statements: string[]) =>
    pool.withConnection(async (connection) => {
      await connection.execute('START TRANSACTION');
      try {
        for (const statement of statements) {
          const { affectedRows } = await connection.execute(statement);
          expect([statement, affectedRows]).not.toEqual([statement, 0]);
        }
        return namesOf(await checkConnection(connection));
      } finally {
        await connection.execute('ROLLBACK');
      }
    });

  test('what nobody damaged is found whole', async () => {
    expect(await brokenAfter([])).toEqual([]);
  });

  test.each(DAMAGES)('%s is found broken by %s', async (invariant, _what, statements) => {
    expect(await brokenAfter(statements)).toEqual([invariant]);
  });

  test('each invariant is among those that were broken', () => {
    const damaged = new Set(DAMAGES.map(([invariant]) => invariant));
    expect(INVARIANTS.map(({ name }) => name)).toEqual([...damaged]);
  });
});

describe('a database at work', () => {
  let opened: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.pool.close());

  const execute = (statement: string) =>
    opened.pool.withConnection((connection) => connection.execute(statement));
  const orion = (...more: string[]) => runOrion(['check', ...more], { ORION_DATABASE_URL: opened.url });

  test('is found whole at every moment', async () => {
    const { lives, url } = opened;
    const nodes = ['b1', 'b2', 'b3'];
    await lives.join(nodes);
    let lived = 0;
    let isDone = false;
    const busy = nodes.map(async (node) => {
      while (!isDone) {
        const id = `r_${node}x${lived++}`;
        await lives.rent(id);
        const epoch = await lives.place(id, node);
        await lives.confirm(id, node, epoch);
        await lives.release(id, node, epoch);
        await lives.clean(id, node, epoch);
      }
    });
    const found: string[][] = [];
    const check = async () => {
      for (let checks = 0; checks < 25 || lived < 10; checks++) {
        found.push(namesOf(await checkInvariants(url)));
      }
    };
    await Promise.all([
      ...busy,
      check().finally(() => {
        isDone = true;
      }),
    ]);
    expect(found.flat()).toEqual([]);
  });

  test('is told of in a table, or as data', async () => {
    await fill(opened.lives);
    const well = await orion();
    expect(well).toMatchObject({ code: 0, err: `All ${INVARIANTS.length + 1} invariants hold.\n` });
    expect(well.out).toMatch(/^INVARIANT +RESULT +WHAT HOLDS\nschema +ok +the tables are this program's\n/);
    expect(well.out.match(/ ok /g)).toHaveLength(INVARIANTS.length + 1);

    await execute("UPDATE nodes SET state = 'free' WHERE name = 'n2'");
    const broken = await orion();
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining('broken: free-is-clean\n') });
    expect(broken.out).toMatch(/\nfree-is-clean +BROKEN \(1\) /);
    const line = / {2}n2: placement \d+ of r_2\n$/;
    expect(broken.out).toMatch(line);
    expect(broken.out.replace(line, '')).toMatch(/\n\nfree-is-clean: not true that a free node .*:\n$/);

    const data = await orion('-o', 'json');
    expect(data.code).toBe(1);
    const { ok, invariants } = JSON.parse(data.out);
    expect(ok).toBe(false);
    expect(invariants.filter(({ broken }: { broken: number }) => broken !== 0)).toEqual([
      {
        name: 'free-is-clean',
        promise: 'a free node was cleaned of every placement that ended on it',
        broken: 1,
        violations: [{ subject: 'n2', detail: expect.stringMatching(/^placement \d+ of r_2$/) }],
      },
    ]);
    await execute("UPDATE nodes SET state = 'cleaning' WHERE name = 'n2'");
  });

  test('has its broken places counted, and the first of them named', async () => {
    await execute(
      `INSERT INTO events (type, at, reason, message)
       SELECT 'node.cordoned', ${AN_HOUR_AGO}, 'Cordoned', '' FROM seq_1_to_60`,
    );
    const found = (await checkInvariants(opened.url)).find(({ name }) => name === 'writes-are-seen');
    expect(found).toMatchObject({ broken: 60 });
    expect(found?.violations).toHaveLength(50);
    expect((await orion()).out).toMatch(/\n {2}and 10 more\n$/);
  });
});

test('tables of another program are said to be that, and nothing else is looked at in them', async () => {
  const ran = await runOrion(['check'], { ORION_DATABASE_URL: await server.createDatabase() });
  expect(ran).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^1 of \d+ invariants are broken: schema\n/),
  });
  expect(ran.out).toContain('schema: the database has no schema yet');
  expect(ran.out.match(/not checked/g)).toHaveLength(INVARIANTS.length);
});
