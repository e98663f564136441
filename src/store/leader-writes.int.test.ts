import { testControls } from './controls.contract.fixture.ts';
import { testLeaderWrites } from './leader-writes.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();

testLeaderWrites(bench);
testControls(bench);
