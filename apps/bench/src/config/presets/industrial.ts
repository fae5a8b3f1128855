import type { Experiment } from '../schema.ts';
import { languageLadder } from './ladder.ts';

/** Amazon Industrial and Scientific: 8,442 users, 4,385 items with titles, no purchases. */
export const industrial: Experiment = languageLadder({
  name: 'industrial',
  dataset: { type: 'industrial' },
  split: { type: 'user-lists', lists: 'industrial' },
});
