import { expect, test } from 'vitest';
import { testRentals } from './contract/rentals.contract.fixture.ts';
import { event, newRental, rentalSpec } from './contract/samples.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();
testRentals(bench);

test('gives a rental that is older than a field the default of that field', async () => {
  await bench.store.createRental(newRental('r_1'), event());
  const { sshPublicKey, ttlMs } = rentalSpec;
  await bench.pool.withConnection(({ execute }) =>
    execute('UPDATE rentals SET spec = ?', [
      JSON.stringify({ sshPublicKey, ttlMs, webhookUrl: 'https://a/' }),
    ]),
  );
  expect((await bench.store.loadRental('r_1'))?.spec).toEqual({ ...rentalSpec, webhookUrl: 'https://a/' });
});
