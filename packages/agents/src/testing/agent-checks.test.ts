import { float32, stopGradient, toTensor } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { ce } from '../agents/ce.ts';
import { onePhase } from '../agents/parts.ts';
import { proxy } from '../agents/proxy.ts';
import { sqn } from '../agents/sqn.ts';
import type { AgentFactory, AgentOptions } from '../define.ts';
import { gru4rec } from '../encoders/gru4rec.ts';
import type { Agent, Histories, LossResult } from '../types.ts';
import { agentContext, ROWS } from './agent-context.ts';
import { historyValues, markovDecisions } from './decisions.ts';
import { agentChecks } from './kits.ts';
import { agentSettings, encoderSettings } from './settings.ts';
import { checkOf, scaled, violationOf } from './spoiled.ts';

const small = gru4rec({ width: 8 });

/** An agent that is sound but for some of its members. */
function spoiledAgent(good: AgentFactory, change: (agent: Agent) => Partial<Agent>): AgentFactory {
  const make = (options: AgentOptions) => {
    const agent = good(options);
    return { ...agent, ...change(agent) };
  };
  return Object.assign(make, { type: good.type, schema: good.schema });
}

/** A loss that is sound but for what is done to its result. */
const loss =
  (change: (result: LossResult, input: Parameters<Agent['loss']>[0]) => Partial<LossResult>) => (agent: Agent) => ({
    loss(input: Parameters<Agent['loss']>[0]): LossResult {
      const result = agent.loss(input);
      return { ...result, ...change(result, input) };
    },
  });

const times = (x: tf.Tensor, factor: number | tf.Tensor) => tf.mul(x, factor) as tf.Scalar;
/** Training with sampled items, with draws that leave some out. */
const sampled = { options: { loss: 'sampled-softmax', sampledItems: 8 } };

const kept: tf.Tensor[] = [];
afterAll(() => tf.dispose(kept));
let calls = 0;

const agents: [property: RegExp, what: string, AgentFactory, message: RegExp, settings?: object][] = [
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
    /right shapes/,
    'a noisy score',
    spoiledAgent(ce, (agent) => ({ score: (...args) => times(agent.score(...args), Math.random()) as never })),
    /score returns different numbers/,
  ],
  [
    /right shapes/,
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
  [
    /saved policy/,
    'scores from the closure',
    spoiledAgent(ce, (agent) => ({ score: (...args) => times(agent.score(...args), 2) as never })),
    /different scores after saving/,
  ],
  [
    /with a memory/,
    'a loss that knows nothing of a memory',
    spoiledAgent(ce, (agent) => ({
      loss: ({ batch: { offsets: _, ...batch }, ...input }) => agent.loss({ ...input, batch }),
    })),
    /"memory\.scale" gets no gradient/,
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

describe('a spoiled agent is found out', () => {
  test.each(agents)('%s: %s', async (property, _, factory, message, settings = {}) => {
    const context = agentContext(factory, { encoder: small, ...settings });
    const error = await violationOf(() => checkOf(agentChecks, property)(context));
    await context.dispose();
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ code: 'E_CONFORMANCE', hint: expect.stringMatching(/\.$/) });
  });

  test('every property has been broken', () => {
    for (const name of Object.keys(agentChecks))
      expect(
        agents.some(([property]) => property.test(name)),
        name,
      ).toBe(true);
  });

  test('what a loss compares on purpose is let pass', () => {
    const [, , batchwise] = agents.find(([property]) => property.test('rows of a batch are independent'))!;
    const check = checkOf(agentChecks, /rows of a batch are independent/);
    expect(() => check(agentContext(batchwise, { encoder: small, separable: false }))).not.toThrow();
  });

  test('a loss that says it knows nothing of a memory is let pass', async () => {
    const [, , unaware] = agents.find(([, what]) => what === 'a loss that knows nothing of a memory')!;
    const check = checkOf(agentChecks, /with a memory/);
    await expect(check(agentContext(unaware, { encoder: small, memory: false }))).resolves.toBeUndefined();
  });

  test('misspelt settings are refused', () => {
    expect(() => agentSettings({ flor: 1 } as never, small)).toThrow(/Did you mean "floor"/);
  });

  test.each<[string, unknown]>([
    ['items', 9],
    ['window', 1],
    ['updates', 0],
    ['updates', 1.5],
    ['lr', Number.NaN],
    ['floor', 'x'],
    ['still', 'q.weight'],
    ['separable', 'no'],
    ['memory', 'no'],
  ])('settings that make no sense are refused: %s = %o', (name, value) => {
    const settings = { [name]: value } as never;
    const message = expect.stringMatching(new RegExp(`: (invalid value for )?${name}\\b`));
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE', message });
    expect(() => agentSettings(settings, small)).toThrow(refused);
    if (!['separable', 'memory'].includes(name)) expect(() => encoderSettings(settings)).toThrow(refused);
  });
});

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
