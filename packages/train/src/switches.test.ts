import { type Agent, ce, sa2c, sac, sasrec, snqn, sqn } from '@lea/agents';
import type { Annotation } from '@lea/data';
import { describe, expect, it } from 'vitest';
import { chain } from './fixtures/chain.ts';
import type { TrainOptions } from './options.ts';
import type { SignalOptions, Signals } from './signals/options.ts';
import { leaSignals } from './signals/signals.ts';
import { fit } from './train.ts';

const data = chain(30, 1, 6, 20);
const k = 3;
const stateSize = 4;
const wave = (count: number, pace: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * pace));
const annotation: Annotation = {
  rows: data.count,
  k,
  state: wave(data.count * stateSize, 1.3),
  reward: wave(data.count, 0.7),
  positives: Int32Array.from({ length: data.count * k }, (_, i) => (data.sequences.items[Math.floor(i / k)]! + 2 + (i % k)) % 20), // biome-ignore format: one line
  logits: wave(data.count * k, 2.1),
  positiveRewards: wave(data.count * k, 3.7),
  rewardMean: 0,
  rewardStd: 0.7,
  hash: 'h',
};

type Use = Required<NonNullable<SignalOptions['use']>>;
const uses: Use[] = [1, 2, 3, 4, 5, 6, 7].map((bits) => ({
  state: (bits & 1) > 0,
  reward: (bits & 2) > 0,
  actions: (bits & 4) > 0,
}));
const count = (use: Use) => Object.values(use).filter(Boolean).length;
// A compiled program takes several times as long to build as these steps take eagerly.
const eagerly = { backend: 'cpu' } as const;
const encoder = sasrec({ width: 8, dropout: 0.1 });
const negatives = 3;
const makers: Record<string, (options?: object) => Agent> = {
  ce: (options) => ce({ encoder, ...options }),
  sqn: (options) => sqn({ encoder, ...options }),
  snqn: (options) => snqn({ encoder, negatives, ...options }),
  sac: (options) => sac({ encoder, warmup: 2, ...options }),
  sa2c: (options) => sa2c({ encoder, negatives, warmup: 2, ...options }),
};

/** Losses of the first steps, and the weights they lead to. */
async function run(agent: Agent, signals: Signals | undefined, given: Partial<TrainOptions> = {}) {
  const work = fit({
    agent,
    train: data,
    validation: data,
    rewards: [0.2, 1],
    window: 4,
    batch: 32,
    evaluateEvery: 2,
    maxSteps: 2,
    patience: 9,
    chunk: 1,
    threads: 1,
    ...(signals && { signals }),
    ...given,
  });
  const losses: number[] = [];
  for await (const event of work) if (event.type === 'step') losses.push(event.loss);
  const { policy, weightsHash } = await work;
  await policy.dispose();
  return { losses, hash: weightsHash };
}

const signalsOf = (use: Use, stateForm: SignalOptions['stateForm'] = 'targets') =>
  leaSignals(annotation, data, { use, stateForm, rewards: [0.2, 1] });

describe.each(Object.keys(makers))('%s', (name) => {
  const make = makers[name]!;

  it('every combination of state, reward and actions learns something else; none, one and all compiled as eagerly', async () => {
    const hashes = new Set<string>();
    for (const use of [undefined, ...uses]) {
      const signals = use && signalsOf(use);
      const eager = await run(make(), signals, eagerly);
      expect(eager.losses.length).toBeGreaterThanOrEqual(2);
      hashes.add(eager.hash);
      if (use && count(use) === 2) continue;
      const { losses } = await run(make(), signals);
      losses.forEach((loss, i) => {
        expect(loss).toBeCloseTo(eager.losses[i]!, 4);
      });
    }
    // Cross entropy has no use for rewards.
    expect(hashes.size).toBe(name === 'ce' ? 4 : 8);
  });

  it('state vectors in the place of soft targets', async () => {
    const read = name === 'ce' ? { alignmentWeight: 0.5 } : { alignmentWeight: 0.5, criticState: true };
    const hashes = new Set<string>();
    const options = name === 'ce' ? [read] : [read, { alignmentWeight: 0.5 }, { criticState: true }];
    for (const own of options) {
      for (const use of uses.filter(({ state }) => state)) {
        const signals = signalsOf(use, 'vectors');
        expect(signals).toMatchObject({ stateSize });
        const eager = await run(make(own), signals, eagerly);
        hashes.add(eager.hash);
        if (own !== read || !use.reward || !use.actions) continue;
        const { losses } = await run(make(own), signals);
        losses.forEach((loss, i) => {
          expect(loss).toBeCloseTo(eager.losses[i]!, 4);
        });
      }
    }
    expect(hashes.size).toBe(name === 'ce' ? 2 : 12);
  });
});

describe('targets and the states of an environment', () => {
  const use = { state: true, reward: true, actions: true };
  const signals = signalsOf(use, 'both');

  it.each([
    ['polyak', { target: 'polyak', tau: 0.1 }],
    ['copies', { target: 'copy', copyEvery: 2 }],
    ['the current state', { augmentedBootstrap: 'current', augmentedActions: 3 }],
    ['sampled items', { loss: 'sampled-softmax', sampledItems: 6 }],
    ['contrast', { alignmentForm: 'contrastive' }],
  ])('%s: compiled as eagerly', async (_, options) => {
    const agent = snqn({ encoder, negatives, alignmentWeight: 0.2, criticState: true, ...(options as object) });
    const given = { maxSteps: 4, evaluateEvery: 4 };
    const [compiled, eager] = [
      await run(agent, signals, given),
      await run(agent, signals, { ...given, backend: 'cpu' }),
    ];
    expect(compiled.losses).toHaveLength(4);
    compiled.losses.forEach((loss, i) => {
      expect(loss).toBeCloseTo(eager.losses[i]!, 3);
    });
  });

  it('agents that read states and signals that bring them need each other', async () => {
    await expect(run(makers.ce!({ alignmentWeight: 1 }), undefined)).rejects.toThrow(
      /ce reads the environment's states, which the signals do not bring\. Make signals.*stateForm/,
    );
    await expect(run(makers.snqn!(), signals)).rejects.toThrow(
      /which the agent snqn does not read.*alignmentWeight or criticState/,
    );
    const { state: _, ...without } = annotation;
    expect(() => leaSignals(without, data, { use, rewards: [0.2, 1], stateForm: 'both' })).toThrow(/states: true/);
    expect(() => leaSignals(annotation, data, { use, rewards: [0.2, 1], stateForm: 'vector' as never })).toThrow(
      /Did you mean "vectors"/,
    );
  });
});
