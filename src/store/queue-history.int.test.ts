import { testQueueHistory } from './queue-history.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testQueueHistory(useStore());
