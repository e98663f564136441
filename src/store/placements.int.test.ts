import { testQueueHistory } from './contract/placements.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testQueueHistory(useStore());
