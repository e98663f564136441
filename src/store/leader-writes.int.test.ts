import { testControls } from './contract/controls.contract.fixture.ts';
import { testLeaderWrites } from './contract/leader-writes.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();

testLeaderWrites(bench);
testControls(bench);
