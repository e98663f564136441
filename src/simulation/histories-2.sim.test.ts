import { testHistories } from './histories.fixture.ts';

testHistories(251, 250);
