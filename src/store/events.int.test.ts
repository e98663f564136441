import { testEvents } from './contract/events.contract.fixture.ts';
import { testQos } from './contract/qos.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();

testEvents(bench);
testQos(bench);
