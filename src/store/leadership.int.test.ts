import { testControls } from './contract/controls.contract.fixture.ts';
import { testLeaderWrites } from './contract/leadership.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();

testLeaderWrites(bench);
testControls(bench);
