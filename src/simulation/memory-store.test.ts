import { beforeEach } from 'vitest';
import type { Leadership } from '../core/ports/stores.ts';
import { testClientWrites } from '../store/clients.contract.fixture.ts';
import { type ContractBench, lease } from '../store/contract.fixture.ts';
import { testControls } from '../store/controls.contract.fixture.ts';
import { testInventories } from '../store/inventory.contract.fixture.ts';
import { testLeaderWrites } from '../store/leader-writes.contract.fixture.ts';
import { testQueueHistory } from '../store/queue-history.contract.fixture.ts';
import { testSaves } from '../store/saves.contract.fixture.ts';
import { createMemoryStore } from './memory-store.ts';

// The same tests as the store on MariaDB passes: what the simulation proves rests on this one being like it.
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
