import { expect, test } from 'vitest';
import { testInventories } from './contract/inventories.contract.fixture.ts';
import { fleetOf, nodeSpec, now } from './contract/samples.fixture.ts';
import { aroundCommit, useStore } from './store.fixture.ts';

const bench = useStore();
testInventories(bench);

const many = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => nodeSpec(`n${first + index}`));

/** What the server has counted since its start. */
async function countOf(variable: 'Questions' | 'Com_commit'): Promise<number> {
  const rows = await bench.pool.withConnection(({ execute }) =>
    execute(`SHOW GLOBAL STATUS LIKE '${variable}'`),
  );
  return Number((rows as unknown as { Value: string }[])[0]?.Value);
}

/** The same database, where something happens after each COMMIT. */
const afterCommit = (act: () => Promise<unknown>) =>
  aroundCommit(bench.pool, async (commit) => {
    const result = await commit();
    await act();
    return result;
  });

test('a large fleet joins in few statements and several transactions, between which leadership can be renewed', async () => {
  const before = [await countOf('Questions'), await countOf('Com_commit')] as const;
  const answer = await bench.store.applyInventory(bench.leader, fleetOf(many(0, 1_000)), now);
  const [questions, commits] = [await countOf('Questions'), await countOf('Com_commit')];
  expect(answer).toMatchObject({ kind: 'applied', added: { length: 1_000 } });
  expect(await bench.store.listNodes()).toHaveLength(1_000);
  expect(commits - before[1]).toBe(4);
  expect(questions - before[0]).toBeLessThan(80);
});

test('a leader that is deposed in the middle stops there, and its file does not count as applied', async () => {
  await bench.store.applyInventory(bench.leader, fleetOf(many(0, 1)), now);
  let commits = 0;
  const store = afterCommit(async () => {
    if (++commits === 2) await bench.store.release(bench.leader);
  });
  const wanted = { ...fleetOf(many(0, 1_000)), sha256: 'b'.repeat(64) };
  expect(await store.applyInventory(bench.leader, wanted, now)).toBe('deposed');
  expect(await bench.store.listNodes()).toHaveLength(501);
  expect((await bench.store.loadInventoryState())?.appliedSha256).toBe('f'.repeat(64));
});

test('a node that leaves while others join, and is listed again, joins anew', async () => {
  await bench.store.applyInventory(bench.leader, fleetOf([nodeSpec('back')]), now);
  await bench.store.applyInventory(bench.leader, fleetOf(many(0, 1)), now);
  let removed: string | null = null;
  const store = afterCommit(async () => {
    if (removed !== null) return;
    removed = 'under way';
    removed = (await bench.store.save(bench.leader, { removeNodes: ['back'], events: [] })).kind;
  });
  await store.applyInventory(bench.leader, fleetOf([...many(0, 300), nodeSpec('back')]), now);
  expect(removed).toBe('saved');
  expect(await bench.store.loadNode('back')).toMatchObject({
    spec: { retiring: false },
    record: { state: 'unknown' },
  });
});
