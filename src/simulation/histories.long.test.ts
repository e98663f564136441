import { testHistories } from './histories.fixture.ts';

testHistories(501, 1_000);
