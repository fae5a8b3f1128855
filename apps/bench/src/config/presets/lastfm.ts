import type { Experiment } from '../schema.ts';
import { languageLadder } from './ladder.ts';

/**
 * Last.fm HetRec 2011: 1,142 users, 11,853 artists with names and the tags of train users, no purchases. Environments
 * stop after 8 epochs, so that the experiment takes minutes; they would still improve.
 */
export const lastfm: Experiment = languageLadder(
  {
    name: 'lastfm',
    dataset: { type: 'lastfm' },
    split: { type: 'user-lists', lists: 'lastfm' },
  },
  {
    environment: { languageModel: { epochs: 3 }, itemTokens: { steps: 10 }, fit: { epochs: 8 } },
    encoder: { dropout: 0.4 },
    lr: 0.002,
    rl: false,
  },
);
