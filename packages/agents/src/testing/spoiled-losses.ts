import { stopGradient } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { ce } from '../agents/ce.ts';
import { sqn } from '../agents/sqn.ts';
import { loss, type SpoiledAgent, spoiledAgent } from './spoiled-agent.ts';

/** Agents whose losses are wrong. */
export const losses: readonly SpoiledAgent[] = [
  [
    /by their weights/,
    'rewards that are read for nothing',
    spoiledAgent(
      sqn,
      loss((_, { batch: { targetRewards: rewards }, params }) => ({ loss: tf.mul(tf.sum(params['q.weight']!), rewards ? 1 : 2) as tf.Scalar })), // biome-ignore format: one line
    ),
    /"targetRewards", but the loss does not depend on them/,
  ],
  [
    /by their weights/,
    'rewards of actions that are switched off',
    spoiledAgent(
      sqn,
      loss(({ loss: x }, { batch: { targetRewards: rewards } }) => ({ loss: (rewards ? tf.add(x, tf.mean(rewards)) : x) as tf.Scalar })), // biome-ignore format: one line
    ),
    /with weight 0 change the loss/,
  ],
  [
    /every parameter learns/,
    'a head cut off',
    spoiledAgent(ce, (agent) => ({
      loss: (input) =>
        agent.loss({ ...input, params: { ...input.params, 'ce.weight': stopGradient(input.params['ce.weight']!) } }),
    })),
    /"ce\.weight" gets no gradient/,
  ],
  [/every parameter learns/, 'still, but moving', ce, /"ce\.weight" is listed in still/, { still: ['ce.weight'] }],
  [
    /every parameter learns/,
    'still, but unknown',
    ce,
    /"cee\.weight", which is not a parameter/,
    { still: ['cee.weight'] },
  ],
  [
    /enters the target/,
    'a loss through the target',
    spoiledAgent(
      sqn,
      loss(({ loss: x }, { target }) => ({ loss: tf.add(x, tf.mean(target!['q.weight']!)) as tf.Scalar })),
    ),
    /"q\.weight" of the target network/,
  ],
  [
    /rows of a batch are independent/,
    'a baseline over the batch',
    spoiledAgent(
      ce,
      loss(({ terms }) => ({ terms: { ce: tf.sub(terms.ce!, tf.mean(terms.ce!)) } })),
    ),
    /term "ce" of a row depends on other rows/,
  ],
  [
    /rows of a batch are independent/,
    'a baseline over the batch in the loss alone',
    spoiledAgent(
      ce,
      loss(({ terms: { ce: term } }) => {
        const off = tf.sub(term!, tf.mul(tf.mean(term!), 0.1));
        return { loss: tf.mean(tf.square(off)) as tf.Scalar };
      }),
    ),
    /contribution of a row to the loss depends on other rows/,
  ],
];
