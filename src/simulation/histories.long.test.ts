import { testHistories } from './histories.fixture.ts';

testHistories(1_001, 1_000);
