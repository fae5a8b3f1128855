import type { Experiment } from '../config/schema.ts';
import { ladder } from './ladder.ts';

/** Amazon Industrial and Scientific: 8,442 users, 4,385 items with titles, no purchases. */
export const industrial: Experiment = ladder({
  name: 'industrial',
  dataset: { type: 'industrial' },
  split: { type: 'user-lists', lists: 'industrial' },
});
