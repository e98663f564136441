import { beforeEach } from 'vitest';
import type { Leadership } from '../../core/ports/stores.ts';
import { type ContractBench, lease } from '../../store/contract/contract.fixture.ts';
import { testControls } from '../../store/contract/controls.contract.fixture.ts';
import { testInventories } from '../../store/contract/inventories.contract.fixture.ts';
import { testLeaderWrites } from '../../store/contract/leadership.contract.fixture.ts';
import { testQueueHistory } from '../../store/contract/placements.contract.fixture.ts';
import { testClientWrites } from '../../store/contract/rentals.contract.fixture.ts';
import { testSaves } from '../../store/contract/saves.contract.fixture.ts';
import { createMemoryStore } from './store.ts';

// The same tests that the MariaDB store passes: what the simulation proves depends on this store behaving alike.
const bench = {} as ContractBench;
beforeEach(async () => {
  bench.store = createMemoryStore({ nowMs: Date.now, onCommit: () => undefined });
  bench.leader = (await bench.store.acquire(lease)) as Leadership;
});

testSaves(bench);
testLeaderWrites(bench);
testInventories(bench);
testClientWrites(bench);
testQueueHistory(bench);
testControls(bench);
