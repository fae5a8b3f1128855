import type { Experiment } from '../config/schema.ts';
import { ladder } from './ladder.ts';

/**
 * Last.fm HetRec 2011: 1,142 users, 11,853 artists with names and the tags of train users, no purchases. Environments and
 * runs are cut short, so that the whole takes minutes: the environments still improve after 8 epochs, LEA's runs a little after 3,200 steps.
 */
export const lastfm: Experiment = ladder(
  {
    name: 'lastfm',
    dataset: { type: 'lastfm' },
    split: { type: 'user-lists', lists: 'lastfm' },
  },
  {
    environment: { languageModel: { epochs: 3 }, itemTokens: { steps: 10 }, fit: { epochs: 8 } },
    train: { maxSteps: 3200 },
  },
);
