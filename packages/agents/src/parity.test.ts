import { key } from '@lea/core';
import {
  compile,
  float32,
  int32,
  interpret,
  keyTensorValue,
  type Program,
  pick,
  prefixed,
  specsOf,
  type Values,
  valueAndGrad,
} from '@lea/tensor';
import { expect, test } from 'vitest';
import { createAgent } from './registry.ts';
import { batchValues } from './testing/decisions.ts';
import type { AgentConfig } from './types.ts';

const shape = { items: 9, window: 4, textSize: 3 };
const text = float32(
  Array.from({ length: 27 }, (_, i) => Math.sin(i * i)),
  [9, 3],
);
const decisions = [
  { history: [], action: 2 },
  { history: [1, 2, 3], action: 4, reward: 1 },
  { history: [5, 6, 0, 1, 2], action: 3, done: true },
];

const sampled = { loss: 'sampled-softmax', sampledItems: 4, samplingPower: 0.5 } as const;

/** What the golden fixtures do not reach: dropout, drawn negatives, extra targets, text, other forms of the encoders. */
const configs: AgentConfig[] = [
  {
    type: 'ce',
    encoder: { type: 'sasrec-modern', width: 4, tied: 'bias', everyPosition: false, itemInput: 'id+text' },
  },
  { type: 'snqn', negatives: 4, encoder: { type: 'sasrec-modern', width: 4 } },
  { type: 'sa2c', negatives: 4, rankingHead: 'q', encoder: { type: 'sasrec', width: 4, heads: 2, dropout: 0.3 } },
  { type: 'sa2c', negatives: 4, encoder: { type: 'gru4rec', width: 4, dropout: 0.3, tied: true, everyPosition: true } },
  { type: 'sqn', targetDropout: false, encoder: { type: 'gru4rec', width: 4, itemInput: 'id+text' } },
  { type: 'proxy', auxiliaryTarget: 'noise', ...sampled, loss: 'gbce', encoder: { type: 'sasrec', width: 4 } },
  { type: 'snqn', negatives: 2, ...sampled, cqlWeight: 0.1, bcqThreshold: 0.3, encoder: { type: 'sasrec', width: 4 } },
  {
    type: 'vpq',
    qHeads: 3,
    cqlWeight: 0.1,
    bcqThreshold: 0.2,
    rankingHead: 'q',
    encoder: { type: 'sasrec', width: 4 },
  },
  {
    type: 'vpq',
    qHeads: 3,
    penaltyForm: 'difference',
    ...sampled,
    cqlWeight: 0.1,
    encoder: { type: 'gru4rec', width: 4 },
  },
  { type: 'ccql', encoder: { type: 'sasrec', width: 4 } },
  { type: 'sqn', encoder: { type: 'gru4rec', width: 4, gates: 'tensorflow' } },
  { type: 'ccql', augmentation: 'crop', ...sampled, encoder: { type: 'gru4rec', width: 4 } },
  {
    type: 'ccql',
    augmentation: 'mask',
    weightClip: [0, 10],
    encoder: { type: 'sasrec', width: 4, everyPosition: true },
  },
  { type: 'snqn', negatives: 4, encoder: { type: 'caser', width: 4, filters: 3, itemInput: 'id+text' } },
  { type: 'ce', encoder: { type: 'caser', width: 4, filters: 2, heights: [1, 4], everyPosition: true } },
  { type: 'sqn', encoder: { type: 'nextitnet', width: 4, dropout: 0.3, everyPosition: true } },
  {
    type: 'ce',
    encoder: { type: 'nextitnet', width: 4, dilations: [3], kernelSize: 2, tied: true, itemInput: 'id+text' },
  },
];

test.each(configs)('compiled equals eager: %o', async (config) => {
  const agent = createAgent(config);
  const all: Values = {
    ...batchValues(decisions, shape),
    targets: int32([3, 3, 0, 1, 5, 5], [3, 2]),
    targetWeights: float32([0.5, 0, 1, 1, 0, 2], [3, 2]),
    candidates: int32([7, 4, 0, 4]),
  };
  const batch = Object.fromEntries(Object.keys(agent.inputs(3, 4, 2)).map((name) => [name, all[name]!]));
  const inputs: Values = { ...batch, key: keyTensorValue(key(5)) };
  const frozen: Values = {
    ...prefixed('params/', agent.init(key(1), shape)),
    ...prefixed('target/', agent.init(key(2), shape)),
    text,
    logQ: float32(Array.from({ length: 9 }, (_, i) => Math.log((i + 1) / 45))),
  };
  const program: Program = ({ inputs: { key: stepKey, ...b }, frozen: f }) => {
    const phase = agent.phases.at(-1)!.name;
    const rest = {
      target: pick('target/', f),
      batch: b,
      key: stepKey!,
      phase,
      frozen: { text: f.text!, logQ: f.logQ! },
    };
    const { loss, aux, grads } = valueAndGrad(
      (params) => {
        const { metrics, terms, ...result } = agent.loss({ params, ...rest });
        return { ...result, aux: { ...metrics, ...prefixed('term/', terms) } };
      },
      pick('params/', f),
    );
    const scores = agent.score(pick('params/', f), { items: b.items!, length: b.length! }, { text: f.text! });
    return { state: {}, outputs: { loss, scores, ...aux, ...prefixed('grad/', grads) } };
  };
  const specs = { inputs: specsOf(inputs), frozen: specsOf(frozen) };
  const [eager, compiled] = await Promise.all([
    interpret(program, specs, { mode: 'direct' }),
    compile(program, specs, { threads: 1, mode: 'direct' }),
  ]);
  const { outputs: wanted } = await eager.run({ inputs, frozen });
  const { outputs } = await compiled.run({ inputs, frozen });
  await compiled.dispose();
  expect(Object.keys(outputs).sort()).toEqual(Object.keys(wanted).sort());
  for (const [name, value] of Object.entries(wanted)) {
    const numbers = Array.from(value.data);
    const size = Math.max(1, ...numbers.map(Math.abs));
    const differences = numbers.map((x, i) => Math.abs(x - outputs[name]!.data[i]!));
    expect(Math.max(...differences) / size, name).toBeLessThan(1e-5);
  }
});
