import type { Experiment } from '../config/schema.ts';
import { ladder } from './ladder.ts';

/** Last.fm HetRec 2011: 1,142 users, 11,853 artists with names and tags, no purchases. */
export const lastfm: Experiment = ladder({
  name: 'lastfm',
  dataset: { type: 'lastfm' },
  split: { type: 'user-lists', lists: 'lastfm' },
});
