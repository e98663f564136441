import { testRentals } from './contract/rentals.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

testRentals(useStore());
