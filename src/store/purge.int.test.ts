import { expect, test } from 'vitest';
import { testPurge } from './contract/purge.contract.fixture.ts';
import { event, now } from './contract/samples.fixture.ts';
import { purgeEvents } from './statements/purge.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();

testPurge(bench);

const daysBefore = (days: number) => new Date(now.getTime() - days * 86_400_000);

test('a purge does not look at all of the history', async () => {
  const events = Array.from({ length: 400 }, () => event({ at: daysBefore(1) }));
  await bench.store.save(bench.leader, { events });
  const read = await bench.pool.withConnection(async (connection) => {
    await connection.execute('FLUSH STATUS');
    expect(await purgeEvents(connection, daysBefore(30), 10)).toBe(0);
    const rows = await connection.execute("SHOW SESSION STATUS LIKE 'Handler_read%'");
    return (rows as unknown as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
  });
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(100);
});
