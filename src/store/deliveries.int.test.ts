import { testDeliveries } from './contract/deliveries.contract.fixture.ts';
import { testOutbox } from './contract/outbox.contract.fixture.ts';
import { useStore } from './store.fixture.ts';

const bench = useStore();

testOutbox(bench);
testDeliveries(bench);
