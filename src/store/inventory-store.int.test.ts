import { testInventories } from './contract/inventory.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testInventories(useStore());
