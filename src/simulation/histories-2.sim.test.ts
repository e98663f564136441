import { testHistories } from './histories.fixture.ts';

testHistories(301, 300);
