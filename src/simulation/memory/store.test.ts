import { beforeEach } from 'vitest';
import type { Leadership } from '../../core/ports/leadership.ts';
import { type ContractBench, lease } from '../../store/contract/contract.fixture.ts';
import { testControls } from '../../store/contract/controls.contract.fixture.ts';
import { testDeliveries } from '../../store/contract/deliveries.contract.fixture.ts';
import { testEvents } from '../../store/contract/events.contract.fixture.ts';
import { testInventories } from '../../store/contract/inventories.contract.fixture.ts';
import { testLeaderWrites } from '../../store/contract/leadership.contract.fixture.ts';
import { testOutbox } from '../../store/contract/outbox.contract.fixture.ts';
import { testQueueHistory } from '../../store/contract/placements.contract.fixture.ts';
import { testPurge } from '../../store/contract/purge.contract.fixture.ts';
import { testQos } from '../../store/contract/qos.contract.fixture.ts';
import { testRentals } from '../../store/contract/rentals.contract.fixture.ts';
import { testSaves } from '../../store/contract/saves.contract.fixture.ts';
import { testTenants } from '../../store/contract/tenants.contract.fixture.ts';
import { testTokens } from '../../store/contract/tokens.contract.fixture.ts';
import { createMemoryStore } from './store.ts';

// The same tests that the MariaDB store passes: what the simulation and the API's tests prove depends on this store
// behaving alike.
const bench = {} as ContractBench;
beforeEach(async () => {
  bench.store = createMemoryStore({ nowMs: Date.now, onCommit: () => undefined });
  bench.leader = (await bench.store.acquire(lease)) as Leadership;
});

testSaves(bench);
testLeaderWrites(bench);
testInventories(bench);
testRentals(bench);
testQueueHistory(bench);
testEvents(bench);
testQos(bench);
testPurge(bench);
testTokens(bench);
testTenants(bench);
testControls(bench);
testOutbox(bench);
testDeliveries(bench);
