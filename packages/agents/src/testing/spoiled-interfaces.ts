import { float32 } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { ce } from '../agents/ce.ts';
import { onePhase } from '../agents/parts.ts';
import { proxy } from '../agents/proxy.ts';
import { sqn } from '../agents/sqn.ts';
import type { AgentOptions } from '../define.ts';
import { scaled } from './spoiled.ts';
import { loss, type SpoiledAgent, sampled, spoiledAgent, times } from './spoiled-agent.ts';

/** Agents whose declarations, shapes, inputs, tables, options or JSON are wrong. */
export const interfaces: readonly SpoiledAgent[] = [
  [
    /fit together/,
    'two networks without a coin',
    spoiledAgent(ce, () => ({ networks: 2 })),
    /two networks if and only if target/,
  ],
  [/fit together/, 'a rate for no average', spoiledAgent(ce, () => ({ tau: 0.1 })), /tau does not fit target "none"/],
  [
    /fit together/,
    'copies at no time',
    spoiledAgent(sqn, () => ({ networks: 1, target: 'copy' })),
    /copyEvery does not/,
  ],
  [
    /fit together/,
    'two phases of one name',
    spoiledAgent(ce, () => ({ phases: [...onePhase(1), ...onePhase(1)] })),
    /different names/,
  ],
  [/fit together/, 'no learning rate', spoiledAgent(ce, () => ({ phases: onePhase(0) })), /must be above 0/],
  [
    /right shapes/,
    'a loss per row',
    spoiledAgent(
      ce,
      loss(({ terms }) => ({ loss: terms.ce as tf.Scalar })),
    ),
    /loss must have the shape \[\]/,
  ],
  [
    /right shapes/,
    'a metric per row',
    spoiledAgent(
      ce,
      loss(({ terms }) => ({ metrics: terms })),
    ),
    /metric "ce" must have the shape/,
  ],
  [
    /right shapes/,
    'a term that is a mean',
    spoiledAgent(
      ce,
      loss(({ loss: x }) => ({ terms: { x } })),
    ),
    /term "x" must have one entry per row/,
  ],
  [
    /right shapes/,
    'no terms',
    spoiledAgent(
      ce,
      loss(() => ({ terms: {} })),
    ),
    /returns no terms/,
  ],
  [
    /right shapes/,
    'NaN',
    spoiledAgent(
      ce,
      loss(({ loss: x }) => ({ metrics: { log: tf.log(tf.neg(x)) } })),
    ),
    /log is not finite/,
  ],
  [
    /right shapes/,
    'a score for padding',
    spoiledAgent(ce, (agent) => ({
      score: (...args) =>
        tf.pad(agent.score(...args), [
          [0, 0],
          [0, 1],
        ]),
    })),
    /score must have the shape \[6, 12\]/,
  ],
  [
    /results repeat/,
    'a noisy score',
    spoiledAgent(ce, (agent) => ({ score: (...args) => times(agent.score(...args), Math.random()) as never })),
    /score returns different numbers/,
  ],
  [
    /results repeat/,
    'a loss with noise of the host',
    spoiledAgent(
      ce,
      loss(({ loss: x }) => ({ loss: times(x, Math.random()) })),
    ),
    /loss returns different numbers for the same batch and key.*Math\.random/,
  ],
  [
    /results repeat/,
    'terms with noise of tfjs',
    spoiledAgent(
      ce,
      loss(({ terms: { ce: term } }) => ({ terms: { ce: tf.add(term!, tf.randomUniform(term!.shape)) } })),
    ),
    /loss returns different numbers for the same batch and key/,
  ],
  [
    /results repeat/,
    'chance that is not keyed',
    spoiledAgent(ce, (agent) => ({ init: (key, ...rest) => scaled(agent.init(key, ...rest), Math.random()) })),
    /different parameters for the same key/,
  ],
  [
    /reads exactly/,
    'an input that is not listed',
    spoiledAgent(
      ce,
      loss(({ loss: x }, { batch }) => ({ loss: times(x, tf.mean(batch.reward!)) })),
    ),
    /batch\.reward, which inputs does not list/,
  ],
  [
    /reads exactly/,
    'an input that is not there, unused',
    spoiledAgent(
      ce,
      loss((_, { batch }) => (batch.nextItems ? {} : {})),
    ),
    /batch\.nextItems, which inputs does not/,
  ],
  [
    /reads exactly/,
    'an input that nobody reads',
    spoiledAgent(ce, (agent) => ({
      inputs: (rows, ...rest) => ({ ...agent.inputs(rows, ...rest), done: { dtype: 'float32', shape: [rows] } }),
    })),
    /lists "done", which no phase reads/,
  ],
  [
    /reads exactly/,
    'an input nobody makes',
    spoiledAgent(ce, (agent) => ({
      inputs: (rows, ...rest) => ({ ...agent.inputs(rows, ...rest), price: { dtype: 'float32', shape: [rows] } }),
    })),
    /"price", which the trainer cannot provide/,
  ],
  [
    /reads exactly/,
    'an input of another form',
    spoiledAgent(ce, (agent) => ({
      inputs: (rows, ...rest) => ({ ...agent.inputs(rows, ...rest), action: { dtype: 'float32', shape: [rows] } }),
    })),
    /"action" as float32\[6\]\. Expected int32\[6\]/,
  ],
  [
    /itemTables/,
    'a table that is not listed',
    spoiledAgent(proxy, ({ itemTables: { 'q.weight': _, ...rest } }) => ({ itemTables: rest })),
    /"q\.weight" has one row per item, but itemTables does not list it/,
  ],
  [
    /itemTables/,
    'a name of no table',
    spoiledAgent(ce, ({ itemTables }) => ({ itemTables: { ...itemTables, 'enc.gru.bias': 'batch' } })),
    /itemTables lists "enc\.gru\.bias", which does not have one row per item/,
  ],
  [
    /itemTables/,
    'items in columns',
    spoiledAgent(ce, (agent) => ({
      init: (key, shape) => ({
        ...agent.init(key, shape),
        'by.column': float32(new Float32Array(shape.items), [1, shape.items]),
      }),
    })),
    /"by\.column" grows with the items in a dimension other/,
    sampled,
  ],
  [
    /itemTables/,
    'a reach too short',
    spoiledAgent(ce, ({ itemTables }) => ({ itemTables: { ...itemTables, 'emb.weight': 'choices' } })),
    /reads rows of "emb\.weight" that its reach "choices" does not load/,
    sampled,
  ],
  [
    /itemTables/,
    'all items, though sampled',
    spoiledAgent(
      ce,
      loss(({ loss: x }, { params }) => ({ loss: tf.add(x, tf.mean(params['ce.weight']!)) as tf.Scalar })),
    ),
    /reads rows of "ce\.weight" that its reach "choices" does not load/,
    sampled,
  ],
  [
    /misspelled/,
    'options that are not looked at',
    Object.assign(({ encoder }: AgentOptions) => ce({ encoder }), { type: 'ce', schema: ce.schema }),
    /not refused/,
  ],
  [
    /misspelled/,
    'a refusal without the name',
    Object.assign(
      ({ encoder, ...options }: AgentOptions) => {
        if (Object.keys(options).length > 0) throw new Error('no');
        return ce({ encoder });
      },
      { type: 'ce', schema: ce.schema },
    ),
    /without suggesting/,
  ],
  [
    /restored from its JSON/,
    'a type nobody registered',
    spoiledAgent(ce, ({ config }) => ({ config: { ...config, type: 'mine' } })),
    /agent type "mine" is not registered.*defineAgent/,
  ],
  [
    /restored from its JSON/,
    'an option that is no JSON',
    spoiledAgent(ce, ({ config }) => ({ config: { ...config, lr: Number.POSITIVE_INFINITY } })),
    /changes when converted to JSON/,
  ],
  [
    /restored from its JSON/,
    'phases from elsewhere',
    spoiledAgent(ce, () => ({ phases: onePhase(7) })),
    /has different phases/,
  ],
  [
    /restored from its JSON/,
    'parameters from elsewhere',
    spoiledAgent(ce, (agent) => ({ init: (...args) => scaled(agent.init(...args), 2) })),
    /has different parameters/,
  ],
  [
    /restored from its JSON/,
    'scores from elsewhere',
    spoiledAgent(ce, (agent) => ({ score: (...args) => times(agent.score(...args), 2) as never })),
    /returns different scores/,
  ],
];
