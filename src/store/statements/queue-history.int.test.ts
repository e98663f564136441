import { testQueueHistory } from '../contract/queue-history.contract.fixture.ts';
import { useStore } from '../store.fixture.ts';

testQueueHistory(useStore());
