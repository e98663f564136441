import { describe } from 'vitest';
import { fuzzEveryCall } from './fuzz.fixture.ts';

// Different requests every time; a failure names the seed that repeats it.
await describe('whatever is asked, the answer is one that the description knows', () =>
  fuzzEveryCall({ runs: 200 }));
