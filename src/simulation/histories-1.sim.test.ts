import { testHistories } from './histories.fixture.ts';

testHistories(1, 250);
