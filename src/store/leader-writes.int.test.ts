import { testLeaderWrites } from './leader-writes.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testLeaderWrites(useStore());
