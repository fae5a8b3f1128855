import { type Agent, ccql, ce, dqnNs, gru4rec, sa2c, sasrec, sasrecModern, snqn, sqn, vpq } from '@lea/agents';
import { key } from '@lea/core';
import { pick, type Tensors, toTensor, type Values, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { chain } from '../../fixtures/chain.ts';
import type { Plan, TrainOptions } from '../../options.ts';
import { planOf } from '../../plan.ts';
import { initialRun, phaseOf } from '../../progress.ts';
import type { RunState } from '../../run-state.ts';
import { type Chunk, createBatches, slice } from '../batches.ts';
import { inputSpecs } from '../feeds.ts';
import { preparePhase } from '../prepare-phase.ts';
import { copied } from '../state.ts';

const ITEMS = 90;
const data = chain(20, 1, 6, ITEMS);
const STEPS = 5;
const lr = 0.01;
/** Attention does not see them: their gradients are rounding errors, which Adam makes large. */
const SHIFTS = /\.k\.bias$/;
const sampled = { loss: 'sampled-softmax', sampledItems: 7, samplingPower: 0.5, lr } as const;
const small = sasrec({ width: 4, dropout: 0.2 });
const modern = { width: 4, layers: 1, heads: 1 };

const agents: Record<string, Agent> = {
  'ce, sampled softmax, sasrec': ce({ encoder: small, ...sampled }),
  'ce, gbce, gru4rec': ce({ encoder: gru4rec({ width: 4 }), ...sampled, loss: 'gbce' }),
  'ce, tied with bias at every position, sasrec-modern': ce({
    encoder: sasrecModern({ ...modern, tied: 'bias' }),
    ...sampled,
  }),
  'ce, own head at every position': ce({ encoder: sasrecModern({ ...modern, tied: false }), ...sampled }),
  'ce, projected texts': ce({ encoder: sasrec({ width: 4, itemInput: 'id+text', tied: true }), ...sampled }),
  'snqn, coin': snqn({ encoder: small, ...sampled, negatives: 3 }),
  'dqn-ns, coin': dqnNs({ encoder: gru4rec({ width: 4 }), ...sampled, negatives: 3 }),
  'sqn with cql and bcq': sqn({ encoder: small, ...sampled, cqlWeight: 0.1, bcqThreshold: 0.25 }),
  'ce with extra targets': ce({ encoder: small, ...sampled }),
  'sa2c, Polyak': sa2c({ encoder: sasrecModern(modern), ...sampled, negatives: 3, target: 'polyak', tau: 0.1 }),
  'vpq, wide head': vpq({ encoder: small, ...sampled }),
  ccql: ccql({ encoder: small, ...sampled }),
  'snqn with augmented actions': snqn({ encoder: small, ...sampled, negatives: 3, augmentedActions: 2 }),
  'sa2c with augmented actions at the current state, Polyak': sa2c({
    encoder: sasrecModern(modern),
    ...sampled,
    negatives: 3,
    target: 'polyak',
    augmentedBootstrap: 'current',
  }),
  "sqn with augmented actions and the environment's states": sqn({
    encoder: small,
    ...sampled,
    criticState: true,
    alignmentWeight: 0.2,
  }),
  'sqn, copy': sqn({ encoder: small, ...sampled, target: 'copy', copyEvery: 2 }),
};

const planFor = (agent: Agent, given: Partial<TrainOptions> = {}): Plan =>
  planOf({
    agent,
    train: data,
    validation: chain(4, 2, 6, ITEMS),
    rewards: [0.2, 1],
    window: 4,
    batch: 3,
    threads: 1,
    ...(agent.encoder.needsText && { text: texts }),
    ...given,
  });
const texts = {
  dtype: 'float32',
  shape: [ITEMS, 3],
  data: Float32Array.from({ length: ITEMS * 3 }, (_, i) => Math.sin(i)),
} as const;

const signals = {
  k: 2,
  targets: Int32Array.from({ length: data.count * 2 }, (_, i) => (i * 7) % ITEMS),
  targetWeights: Float32Array.from({ length: data.count * 2 }, (_, i) => (i % 2) / 2),
};
const valued = { ...signals, targetRewards: Float32Array.from(signals.targets, (item) => (item % 5) / 2 - 0.5) };
const environmentState = Float32Array.from({ length: data.count * 3 }, (_, i) => Math.sin(i * i));
const signalsOf = (name: string): Partial<TrainOptions> => {
  if (name.endsWith('states')) return { signals: { ...valued, environmentState, stateSize: 3 } };
  if (name.includes('augmented')) return { signals: valued };
  return name.endsWith('extra targets') ? { signals } : {};
};

async function trained(plan: Plan, chunks: readonly number[]): Promise<RunState> {
  const batches = createBatches(plan, key(plan.seed), inputSpecs(plan));
  let run = initialRun(plan);
  const steps = await preparePhase(plan, run);
  for (const count of chunks) ({ run } = await steps.advance(run, batches(run.progress.step, count)));
  run = steps.settled(run);
  await steps.dispose();
  return run;
}

/** The same steps over the whole tables: dense gradients, then Adam on the rows whose gradient is not zero. */
function reference(plan: Plan): Values[] {
  const run = initialRun(plan);
  const networks = run.networks.map((network) => copied(network));
  const moments = networks.map((network) => ({ m: zeroed(network), v: zeroed(network), t: 0 }));
  const chunk = createBatches(plan, key(plan.seed), inputSpecs(plan))(0, STEPS);
  for (let i = 0; i < STEPS; i++) {
    const main = chunk.trained[i]!;
    const network = networks[main]!;
    const target = plan.agent.target === 'coin' ? pick('params/', networks[1 - main]!) : pick('target/', network);
    const grads = gradients(plan, run, pick('params/', network), target, chunk, i);
    lazyAdam(plan.agent, network, grads, moments[main]!);
    follow(plan.agent, network, i + 1);
  }
  return networks;
}

function gradients(plan: Plan, run: RunState, params: Values, target: Values, chunk: Chunk, step: number): Values {
  const grads: Values = {};
  tf.tidy(() => {
    const { key: stepKey, ...batch } = Object.fromEntries(
      Object.entries(tensors(slice(chunk.inputs, step, step + 1))).map(([name, x]) => [
        name,
        tf.reshape(x, x.shape.slice(1)),
      ]),
    );
    const frozen = tensors({ ...plan.statistics, ...(plan.text && { text: plan.text }) });
    const result = valueAndGrad(
      (trainedParams) =>
        plan.agent.loss({
          params: trainedParams,
          target: tensors(target),
          batch,
          key: stepKey!,
          phase: phaseOf(plan, run).name,
          frozen,
        }),
      tensors(params),
    );
    for (const [name, grad] of Object.entries(result.grads)) {
      grads[name] = { dtype: 'float32', shape: grad.shape, data: grad.dataSync() as Float32Array };
    }
  });
  return grads;
}

function lazyAdam(agent: Agent, network: Values, grads: Values, moments: { m: Values; v: Values; t: number }): void {
  moments.t++;
  for (const [name, { data: g, shape }] of Object.entries(grads)) {
    const [p, m, v] = [network, moments.m, moments.v].map((set) => set[`params/${name}`]!.data);
    const width = name in agent.itemTables ? g.length / shape[0]! : g.length;
    for (let row = 0; row < g.length; row += width) {
      if (g.subarray(row, row + width).every((x) => x === 0)) continue;
      for (let i = row; i < row + width; i++) {
        m![i] = 0.9 * m![i]! + 0.1 * g[i]!;
        v![i] = 0.999 * v![i]! + 0.001 * g[i]! ** 2;
        const [mean, square] = [m![i]! / (1 - 0.9 ** moments.t), v![i]! / (1 - 0.999 ** moments.t)];
        p![i]! -= (lr * mean) / (Math.sqrt(square) + 1e-8);
      }
    }
  }
}

function follow(agent: Agent, network: Values, updates: number): void {
  const share = agent.target === 'polyak' ? agent.tau : updates % agent.copyEvery === 0 ? 1 : 0;
  for (const [name, { data }] of Object.entries(pick('target/', network))) {
    const now = network[`params/${name}`]!.data;
    for (let i = 0; i < data.length; i++) data[i]! += share * (now[i]! - data[i]!);
  }
}

const zeroed = (values: Values): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { ...value, data: new Float32Array(value.data.length) }]),
  );
const tensors = (values: Values): Tensors =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));

/** Brings the rows of a moving average up to date. */
function settled(agent: Agent, network: Values): Values {
  const updates = network['average/updates']?.data[0];
  const result = copied(network);
  for (const [name, { data: at }] of Object.entries(pick('average/at/', network))) {
    const [now, average] = [network[`params/${name}`]!.data, result[`target/${name}`]!.data];
    const width = now.length / at.length;
    for (let i = 0; i < average.length; i++) {
      const decay = (1 - agent.tau) ** (updates! - at[Math.floor(i / width)]!);
      average[i] = now[i]! + decay * (average[i]! - now[i]!);
    }
  }
  return result;
}

beforeAll(async () => {
  await tf.ready();
});

describe.each(Object.entries(agents))('%s', (name, agent) => {
  const plan = planFor(agent, signalsOf(name));
  let networks: readonly Values[];
  beforeAll(async () => {
    await tf.ready();
    ({ networks } = await trained(plan, [STEPS]));
  });

  it('is lazy Adam on the gradients over whole tables', () => {
    for (const [i, expected] of reference(plan).entries()) {
      const actual = settled(agent, networks[i]!);
      for (const [name, { data }] of Object.entries(expected)) {
        if (!/^(params|target)\//.test(name) || SHIFTS.test(name)) continue;
        const furthest = Math.max(...Array.from(data, (x, j) => Math.abs(x - actual[name]!.data[j]!)));
        expect(furthest, `network ${i + 1}, ${name}`).toBeLessThan(2e-5);
      }
    }
  });

  it('leaves the rows of other items as they were', () => {
    const [before] = initialRun(plan).networks;
    for (const table of Object.keys(agent.itemTables)) {
      const [old, now] = [before!, networks[0]!].map((network) => network[`params/${table}`]!);
      const width = old!.data.length / old!.shape[0]!;
      const moved = (id: number) =>
        old!.data.subarray(id * width, (id + 1) * width).some((x, i) => x !== now!.data[id * width + i]);
      const count = Array.from({ length: ITEMS }, (_, id) => moved(id)).filter(Boolean).length;
      expect(count, table).toBeGreaterThan(0);
      // 5 steps of 3 rows reach few of the 90 items.
      expect(count, table).toBeLessThan(ITEMS - 10);
    }
  });

  it('gives equal bits whatever the chunks', async () => {
    expect((await trained(plan, [1, 2, 2])).networks).toEqual(networks);
  });
});

it('refuses an item table that has no row per item', async () => {
  const agent: Agent = {
    ...ce({ encoder: small, ...sampled }),
    itemTables: { 'emb.weight': 'batch', 'enc.pos': 'batch' },
  };
  const plan = planFor(agent);
  await expect(preparePhase(plan, initialRun(plan))).rejects.toMatchObject({ code: 'E_TRAIN_TABLE' });
});
