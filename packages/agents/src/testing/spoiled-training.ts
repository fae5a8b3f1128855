import { toTensor } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { ce } from '../agents/ce.ts';
import type { Histories } from '../types.ts';
import { ROWS } from './agent-context.ts';
import { historyValues, markovDecisions } from './decisions.ts';
import { scaled } from './spoiled.ts';
import { loss, type SpoiledAgent, spoiledAgent, times } from './spoiled-agent.ts';

/** Tensors that an agent has left behind. */
export const kept: tf.Tensor[] = [];
let calls = 0;

/** Agents whose training, scores or saved policies are wrong. */
export const training: readonly SpoiledAgent[] = [
  [
    /saved policy/,
    'scores from the closure',
    spoiledAgent(ce, (agent) => ({ score: (...args) => times(agent.score(...args), 2) as never })),
    /different scores after saving/,
  ],
  [
    /exported to ONNX/,
    'scores of two histories or more',
    spoiledAgent(ce, (agent) => ({
      score: (...args) => {
        const scores = agent.score(...args);
        return tf.sub(scores, tf.mul(tf.slice(scores, [1, 0], [1, -1]), 0)) as never;
      },
    })),
    /when it is the only one/,
  ],
  [
    /with a memory/,
    'a loss that knows nothing of a memory',
    spoiledAgent(ce, (agent) => ({
      loss: ({ batch: { offsets: _, ...batch }, ...input }) => agent.loss({ ...input, batch }),
    })),
    /"memory\.scale" gets no gradient.*batch\.offsets.*`memory: false`/,
  ],
  [
    /with a memory/,
    'scores from whatever is frozen',
    spoiledAgent(ce, (agent) => ({
      score: (params, histories, frozen = {}) =>
        // a factor: softmax does not see what is added to all scores
        tf.mul(
          agent.score(params, histories, frozen),
          Object.keys(frozen).length ? tf.randomUniform([1], 1, 2) : 1,
        ) as never,
    })),
    /score returns different numbers/,
  ],
  [
    /compiled equals/,
    'host chance in the loss',
    spoiledAgent(
      ce,
      loss(({ loss: x }) => ({ loss: times(x, 1 + calls++) })),
    ),
    /loss differs between compiled/,
  ],
  [
    /left behind/,
    'a tensor that is kept',
    spoiledAgent(
      ce,
      loss(({ loss: x }) => {
        kept.push(tf.keep(x.clone()));
        return {};
      }),
    ),
    /leaves tensors behind/,
  ],
  [
    /same seed/,
    'weights of no seed',
    spoiledAgent(ce, (agent) => ({ init: (key, ...rest) => scaled(agent.init(key, ...rest), Math.random()) })),
    /same seed end with different/,
  ],
  [
    /same seed/,
    'weights of one seed',
    spoiledAgent(ce, (agent) => ({
      init: (_, ...rest) => agent.init({ words: [1, 2] } as never, ...rest),
      loss: (input) =>
        agent.loss({
          ...input,
          batch: {
            ...input.batch,
            action: tf.zerosLike(input.batch.action!),
            items: tf.zerosLike(input.batch.items!),
            length: tf.onesLike(input.batch.length!),
          },
        }),
    })),
    /different seeds end with the same/,
  ],
  [
    /learns a Markov/,
    'a loss of the wrong sign',
    spoiledAgent(
      ce,
      loss(({ loss: x }) => ({ loss: tf.neg(x) as tf.Scalar })),
    ),
    /too few held-out actions/,
  ],
  [
    /guesses/,
    'scores that know the answers',
    spoiledAgent(ce, () => ({ score: knowing })),
    /more often than by chance/,
  ],
];

/** The actions that follow the histories the kit holds out where nothing can be learned. */
function knowing(_: unknown, { items }: Histories): tf.Tensor2D {
  const shape = { items: 12, window: 4 };
  const held = Array.from({ length: 5 }, (_, i) => markovDecisions(i, ROWS, 0, shape)).flat();
  const known = toTensor(
    historyValues(
      held.map(({ history }) => history),
      shape,
    ).items!,
  );
  const same = tf.sum(tf.cast(tf.equal(tf.expandDims(items, 1), tf.expandDims(known, 0)), 'float32'), 2);
  const whole = tf.cast(tf.greaterEqual(same, tf.scalar(4)), 'float32') as tf.Tensor2D;
  const actions = tf.tensor2d(held.map(({ action }) => Array.from({ length: 12 }, (_, i) => Number(i === action))));
  return tf.matMul(whole, actions) as tf.Tensor2D;
}
