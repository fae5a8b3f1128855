import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32, fromTensor, int32, toTensor, type Values } from '@lea/tensor';
import { afterAll, expect, test } from 'vitest';
import { createPolicy } from '../policy.ts';
import { createAgent } from '../registry.ts';
import type { Memory } from './memory.ts';
import {
  agent,
  ce,
  disposeMemories,
  fused,
  histories,
  joined,
  memory,
  near,
  paramsOf,
  quick,
  scoresOf,
  shape,
  wide,
  windows,
} from './testing.ts';

afterAll(disposeMemories);

/** The scores of a network without a memory. */
async function network(one = agent): Promise<Float32Array> {
  const policy = createPolicy(one, paramsOf(one), shape, quick);
  const scores = await policy.score(windows);
  await policy.dispose();
  return scores;
}

function logSoftmax(scores: ArrayLike<number>): number[] {
  const all = Array.from(scores);
  const total = Math.log(all.reduce((sum, score) => sum + Math.exp(score), 0));
  return all.map((score) => score - total);
}

/** Each row of scores, by a function of the rows of others. */
function byRow(others: readonly Float32Array[], f: (...rows: Float32Array[]) => number[]): number[] {
  return histories.flatMap((_, row) => f(...others.map((all) => all.subarray(row * 8, row * 8 + 8))));
}

test.each([
  ['logits', agent, 1],
  ['Q values', createAgent({ type: 'snqn', rankingHead: 'q', encoder: ce.encoder }), 0.25],
] as const)('after training: the memory plus the share of the network, of %s', async (_, one, temperature) => {
  for (const own of [memory, wide]) {
    const given = await scoresOf(fused({ weight: 0.7, temperature }, { memory: own }, one));
    const wanted = byRow([await own.score(windows), await network(one)], (memory, network) => {
      const shares = logSoftmax(network.map((score) => score / temperature));
      return shares.map((share, i) => memory[i]! + 0.7 * share);
    });
    near(given, wanted);
  }
});

test('a memory that reads more events than the network reads them in the policy too', async () => {
  const all = windowsOf(histories, wide.window, 8);
  const policy = fused({ weight: 0.7 }, { memory: wide });
  expect([policy.window, policy.shape.window]).toEqual([4, 3]);
  const wanted = byRow([await wide.score(all), await network()], (memory, network) =>
    logSoftmax(network).map((share, i) => memory[i]! + 0.7 * share),
  );
  near(await policy.score(all), wanted);
  const [, , best] = await policy.recommendIndices(histories, 8);
  near(
    Float32Array.from(best!, ({ score }) => score),
    wanted.slice(16, 24).sort((a, b) => b - a),
  );
  await policy.dispose();
  // A row of joint training holds no more than the network's window.
  const { params } = joined(0.6, 0.8, wide);
  expect(createPolicy(agent, params, shape, { memory: wide, fusion: { form: 'joint' } }).window).toBe(3);
});

/** 1 for items in the window, row by row. */
function seenItems(): number[] {
  return histories.flatMap((history) =>
    Array.from({ length: 8 }, (_, item) => +history.slice(-memory.config.window).includes(item)),
  );
}

test('mixture: both as probabilities, then what is added for items of the window', async () => {
  const given = await scoresOf(fused({ form: 'mixture', weight: 0.4, temperature: 2, repeat: 0.75 }));
  const seen = Float32Array.from(seenItems());
  const counted = Float32Array.from(await logProbabilities(memory));
  const wanted = byRow([counted, await network(), seen], (memory, network, seen) => {
    const shares = logSoftmax(network.map((score) => score / 2));
    return shares.map((share, i) => Math.log(0.6 * Math.exp(memory[i]!) + 0.4 * Math.exp(share)) + 0.75 * seen[i]!);
  });
  near(given, wanted);
});

test('with weight 0 the memory ranks alone, with weight 1 of a mixture the network', async () => {
  expect(await scoresOf(fused({ weight: 0 }))).toEqual(await memory.score(windows));
  near(await scoresOf(fused({ form: 'mixture', weight: 0, repeat: 0 })), await logProbabilities(memory));
  near(await scoresOf(fused({ form: 'mixture', weight: 1, repeat: 0 })), byRow([await network()], logSoftmax));
  const without = await scoresOf(fused({ weight: 0, repeat: 0 }));
  near(
    await scoresOf(fused({ weight: 0, repeat: -1.5 })),
    [...without].map((score, i) => score - 1.5 * seenItems()[i]!),
  );
});

test('the default is to fuse after training, with weight 0.3', async () => {
  const policy = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory });
  expect(policy.fusion).toEqual({ form: 'after', weight: 0.3, temperature: 1, repeat: memory.config.repeat });
  expect(await scoresOf(policy)).toEqual(await scoresOf(fused({ weight: 0.3 })));
});

/** ln p without the weight of repeats. */
async function logProbabilities(own: Memory): Promise<number[]> {
  const scores = await own.score(windows);
  return histories.flatMap((history, row) => {
    const seen = new Set(history.slice(-Math.min(shape.window, own.config.window)));
    return Array.from(scores.subarray(row * 8, row * 8 + 8), (score, item) =>
      seen.has(item) ? score - own.config.repeat : score,
    );
  });
}

test('joint: the network adds to what it has learned to make of the memory', async () => {
  for (const own of [memory, wide]) {
    const { params } = joined(0.6, 0.8, own);
    const given = await scoresOf(
      createPolicy(agent, params, shape, { ...quick, memory: own, fusion: { form: 'joint' } }),
    );
    const [alone, logP] = [await network(), await logProbabilities(own)];
    const wanted = histories.flatMap((history, row) => {
      const seen = new Set(history.slice(-Math.min(shape.window, own.config.window)));
      return Array.from({ length: 8 }, (_, item) => {
        const at = row * 8 + item;
        return alone[at]! + 0.6 * logP[at]! + (seen.has(item) ? 0.8 : 0);
      });
    });
    near(given, wanted);
  }
});

test('joint: training sees the scores that are served, and starts from the memory as it is', async () => {
  const { agent: together, params } = joined(0.6, 0.8);
  const fresh = together.init(key(1), shape);
  expect([fresh['memory.scale'], fresh['memory.repeat']]).toEqual([float32([1], []), float32([-1.5], [])]);
  expect(together.inputs(4, 3).memory).toEqual({ dtype: 'float32', shape: [4, 8] });

  const served = await scoresOf(createPolicy(agent, params, shape, { ...quick, memory, fusion: { form: 'joint' } }));
  const actions = [1, 2, 0, 7];
  const batch = {
    items: int32(windows.items, [4, 3]),
    length: int32(
      windows.length.map((length) => Math.max(1, length)),
      [4],
    ),
    action: int32(actions, [4]),
    memory: float32((await logProbabilities(memory)).map(Math.exp), [4, 8]),
  };
  const tensors = (values: Values) =>
    Object.fromEntries(Object.entries(values).map(([name, v]) => [name, toTensor(v)]));
  const { terms } = together.loss({
    params: tensors(params),
    batch: tensors(batch),
    key: toTensor(int32([1, 2], [2])),
    phase: 'main',
    frozen: {},
  });
  const wanted = byRow([served], logSoftmax);
  near(
    fromTensor(terms.ce!).data as Float32Array,
    actions.map((action, row) => -wanted[row * 8 + action]!),
  );
});
