import { testInventories } from './contract/inventories.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testInventories(useStore());
