import { testInventories } from './inventory.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testInventories(useStore());
