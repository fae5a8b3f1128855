import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32, fromTensor, int32, readSafetensors, toTensor, type Values, writeSafetensors } from '@lea/tensor';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { logOf, someMemory } from '../fixtures/memory/logs.ts';
import { loadPolicy } from '../load.ts';
import { createPolicy, type Policy, type PolicyOptions } from '../policy.ts';
import { createAgent } from '../registry.ts';
import type { Agent, AgentConfig } from '../types.ts';
import { countingMemory } from './counting-memory.ts';
import { checkedFusion, type Fusion, withMemory } from './fusion.ts';
import { textTable } from './likeness.ts';
import type { Memory } from './memory.ts';

const shape = { items: 8, window: 3 };
const log = logOf(
  [
    [0, 1, 2, 3],
    [1, 2, 0, 1, 2],
    [4, 1, 2],
    [5, 0, 4, 4],
  ],
  8,
);
/** Reads two items fewer than the network, or one more. */
const memory = someMemory(log, { window: 2, horizon: 4, repeat: -1.5 });
const wide = someMemory(log, { window: 4, horizon: 2, repeat: 0.5 });
const ce: AgentConfig = { type: 'ce', encoder: { type: 'sasrec', width: 4, dropout: 0 } };
const agent = createAgent(ce);
const histories = [[], [1], [1, 2, 3, 4], [7, 7, 0]];
const windows = windowsOf(histories, shape.window, shape.items);
const quick = { threads: 1 };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await Promise.all([memory.dispose(), wide.dispose()]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const paramsOf = (one: Agent) => one.init(key(1), shape);

function fused(fusion: Partial<Fusion> = {}, options: PolicyOptions = {}, one = agent): Policy {
  return createPolicy(one, paramsOf(one), shape, { ...quick, memory, fusion, ...options });
}

/** The scores of a network without a memory. */
async function network(one = agent): Promise<Float32Array> {
  const policy = createPolicy(one, paramsOf(one), shape, quick);
  const scores = await policy.score(windows);
  await policy.dispose();
  return scores;
}

async function scoresOf(policy: Policy): Promise<Float32Array> {
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

function near(given: Float32Array, wanted: readonly number[]): void {
  expect(given).toHaveLength(wanted.length);
  given.forEach((score, i) => {
    expect(Math.abs(score - wanted[i]!)).toBeLessThan(2e-5 * (1 + Math.abs(wanted[i]!)));
  });
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

/** An agent that learned with a memory, and its parameters with these weights of it. */
function joined(scale: number, repeat: number, own: Memory = memory): { agent: Agent; params: Values } {
  const together = withMemory(agent, own, { form: 'joint' });
  const weights = { 'memory.scale': float32([scale], []), 'memory.repeat': float32([repeat], []) };
  return { agent: together, params: { ...together.init(key(1), shape), ...weights } };
}

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

test('a saved policy with a memory scores as before, to the last bit', async () => {
  for (const form of ['after', 'mixture', 'joint'] as const) {
    const params = form === 'joint' ? joined(0.5, -2).params : paramsOf(agent);
    const policy = createPolicy(agent, params, shape, { ...quick, memory, fusion: { form } });
    policy.observe([{ history: [6], item: 7 }]);
    const saved = join(folder, form);
    await policy.save(saved);
    const again = await loadPolicy(saved, quick);
    expect(again.fusion).toEqual(policy.fusion);
    expect(again.memory!.hash).toBe(policy.memory!.hash);
    expect(again.memory!.config).toEqual(memory.config);
    again.observe([{ history: [7], item: 6 }]);
    policy.observe([{ history: [7], item: 6 }]);
    expect(await scoresOf(again)).toEqual(await scoresOf(policy));
  }
});

test('a policy is saved with the texts and limits of its memory', async () => {
  const text = float32(
    Array.from({ length: 16 }, (_, i) => 1 + Math.sin(i)),
    [8, 2],
  );
  const own = await countingMemory(log, { text, window: 2, neighbors: 2, textNeighbors: 3, gateSteps: 5 });
  const policy = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory: own });
  await policy.save(join(folder, 'text'));
  const again = await loadPolicy(join(folder, 'text'), quick);
  expect(again.memory!.config).toEqual(own.config);
  expect(again.memory!.config.neighbors).toBe(2);
  expect(await scoresOf(again)).toEqual(await scoresOf(policy));
});

test('a memory of a log in which nothing follows is saved as well', async () => {
  const empty = await countingMemory(logOf([[0], [1]], 8), { gateSteps: 1 });
  const policy = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory: empty });
  await policy.save(join(folder, 'empty'));
  const again = await loadPolicy(join(folder, 'empty'), quick);
  expect(await again.score(windows)).toEqual(await policy.score(windows));
  const events = [{ history: [0], item: 5 }];
  again.observe(events);
  policy.observe(events);
  expect(await scoresOf(again)).toEqual(await scoresOf(policy));
});

test('a memory and its use may be chosen anew when a policy is loaded', async () => {
  const saved = join(folder, 'anew');
  await fused({ form: 'mixture', weight: 0.4 }).save(saved);
  const lighter = await loadPolicy(saved, { ...quick, fusion: { weight: 0.1 } });
  expect(lighter.fusion).toEqual({ form: 'mixture', weight: 0.1, temperature: 1, repeat: memory.config.repeat });
  expect(await scoresOf(lighter)).toEqual(await scoresOf(fused({ form: 'mixture', weight: 0.1 })));
  const other = await loadPolicy(saved, { ...quick, memory: wide });
  expect(await scoresOf(other)).toEqual(await scoresOf(fused({ form: 'mixture', weight: 0.4 }, { memory: wide })));
});

test('damage to a saved memory is refused', async () => {
  const saved = join(folder, 'damaged');
  await fused().save(saved);
  const [jsonPath, weightsPath] = [join(saved, 'policy.json'), join(saved, 'weights.safetensors')];
  const { tensors } = await readSafetensors(weightsPath);
  const names = Object.keys(tensors).filter((name) => name.startsWith('memory/'));
  expect(names.sort()).toEqual([
    ...['backward', 'direct', 'forward']
      .flatMap((component) => ['columns', 'offsets', 'sums', 'values'].map((part) => `memory/${component}.${part}`))
      .sort()
      .toSpliced(4, 0, 'memory/chosen'),
  ]);
  for (const name of names) {
    const value = tensors[name]!;
    const data = value.data.slice();
    data[data.length - 1]! += 1;
    await writeSafetensors(weightsPath, { ...tensors, [name]: { ...value, data } });
    await expect(loadPolicy(saved), name).rejects.toMatchObject({ code: 'E_POLICY_WEIGHTS' });
    const { [name]: _, ...without } = tensors;
    await writeSafetensors(weightsPath, without);
    await expect(loadPolicy(saved), name).rejects.toMatchObject({
      code: 'E_MEMORY_FILE',
      value: undefined,
      message: expect.stringContaining(name.slice('memory/'.length)),
      hint: expect.stringMatching(/all of its files/),
    });
  }
  await writeSafetensors(weightsPath, tensors);
  const { sha256: _, ...json } = JSON.parse(await readFile(jsonPath, 'utf8'));
  const { config } = json.memory;
  for (const [change, code] of [
    [{ repeat: config.repeat + 0.1 }, 'E_POLICY_WEIGHTS'],
    [{ gate: { ...config.gate, bias: config.gate.bias.toReversed() } }, 'E_POLICY_WEIGHTS'],
    [{ smoothing: 2 }, 'E_POLICY_WEIGHTS'],
    [{ items: 9 }, 'E_MEMORY_FILE'],
  ] as const) {
    await writeFile(
      jsonPath,
      JSON.stringify({ ...json, memory: { ...json.memory, config: { ...config, ...change } } }),
    );
    await expect(loadPolicy(saved)).rejects.toMatchObject({ code });
  }
});

test('events that are observed are known to the next call, not to the memory the policy was made with', async () => {
  const before = memory.hash;
  const policy = fused();
  const other = fused();
  const old = await policy.score(windows);
  const inFlight = policy.score(windows);
  policy.observe(Array(5).fill({ history: [0, 1], item: 6 }));
  expect(await inFlight).toEqual(old);
  const next = await policy.score(windows);
  // Row 1 is the history [1], and item 6 followed item 1.
  expect(next[8 + 6]).toBeGreaterThan(old[8 + 6]! + 0.5);
  expect(memory.hash).toBe(before);
  expect(await other.score(windows)).toEqual(old);
  const [list] = await policy.recommendIndices([[0, 1]], 1);
  expect(list![0]!.item).toBe(6);
  await Promise.all([policy.dispose(), other.dispose()]);
  await expect(policy.score(windows)).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

/** Compiled programs that are made from here on, and how many of them have been given back. */
function watchedSessions(): { made: number; released: number } {
  const watched = { made: 0, released: 0 };
  const create = InferenceSession.create.bind(InferenceSession) as (...args: unknown[]) => Promise<InferenceSession>;
  vi.spyOn(InferenceSession, 'create').mockImplementation((async (...args: unknown[]) => {
    const session = await create(...args);
    watched.made++;
    const release = session.release.bind(session);
    session.release = async () => {
      watched.released++;
      await release();
    };
    return session;
  }) as never);
  return watched;
}

test('tables grow over many calls; programs of older forms are given back', async () => {
  const watched = watchedSessions();
  const larger = { items: 40, window: 3 };
  const own = someMemory(logOf([[0, 1, 2]], 40), { window: 2, horizon: 4 });
  const make = () => createPolicy(agent, agent.init(key(1), larger), larger, { ...quick, memory: own });
  const policy = make();
  const events: { history: number[]; item: number }[] = [];
  const [first, several] = [windowsOf([[1, 2]], 3, 40), windowsOf(histories, 3, 40)];
  for (let step = 0; step < 30; step++) {
    const some = Array.from({ length: 5 }, (_, i) => ({
      history: [(step + i) % 40, (3 * step) % 40],
      item: (step * i) % 40,
    }));
    events.push(...some);
    // Two calls in flight while the tables grow.
    const running = [policy.score(first), policy.score(several)];
    policy.observe(some);
    await Promise.all([...running, policy.score(first)]);
  }
  expect(watched.made).toBeGreaterThan(4);
  // A form has two programs, for one history and for up to 16.
  expect(watched.made - watched.released).toBeLessThanOrEqual(4);
  const atOnce = make();
  atOnce.observe(events);
  near(await policy.score(several), [...(await atOnce.score(several))]);
  await policy.memory!.score(several);
  await Promise.all([policy.dispose(), atOnce.dispose()]);
  expect(watched.released).toBe(watched.made);
});

test('a call whose tables have room makes no program anew', async () => {
  const watched = watchedSessions();
  const policy = fused();
  await policy.score(windows);
  policy.observe([{ history: [0], item: 1 }]);
  await policy.score(windows);
  expect(watched.made).toBe(1);
  await policy.dispose();
});

test('recommends among candidates, without what is excluded', async () => {
  const policy = fused();
  const all = await policy.recommendIndices(histories, 8);
  expect(all.map((list) => list.length)).toEqual([8, 8, 8, 8]);
  const some = await policy.recommendIndices(histories, 8, { candidates: [6, 2, 4] });
  expect(some).toEqual(all.map((list) => list.filter(({ item }) => [2, 4, 6].includes(item))));
  const unseen = await policy.recommendIndices(histories, 8, { exclude: 'seen' });
  expect(unseen).toEqual(all.map((list, row) => list.filter(({ item }) => !histories[row]!.includes(item))));
  const without = await policy.recommendIndices(histories, 8, { exclude: [0, 1] });
  expect(without).toEqual(all.map((list) => list.filter(({ item }) => item > 1)));
  await policy.dispose();
});

test('an item that nobody chose is reached through its text', async () => {
  // Items 6 and 7 were never chosen; the text of item 7 is that of item 2.
  const directions = [0, 1, 2, 3, 4, 5, 6, 2].map((item) => [Math.cos(item), Math.sin(item)]);
  const text = await textTable(float32(directions.flat(), [8, 2]), 20, Infinity);
  const cold = someMemory(log, { window: 2, horizon: 4 }, text);
  const policy = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory: cold, fusion: { weight: 0 } });
  const [list] = await policy.recommendIndices([[2]], 2, { candidates: [6, 7] });
  expect(list!.map(({ item }) => item)).toEqual([7, 6]);
  expect(list![0]!.score - list![1]!.score).toBeGreaterThan(1);
  const plain = createPolicy(agent, paramsOf(agent), shape, { ...quick, memory, fusion: { weight: 0 } });
  const [alike] = await plain.recommendIndices([[2]], 2, { candidates: [6, 7] });
  expect(alike![0]!.score).toBe(alike![1]!.score);
  await Promise.all([policy.dispose(), plain.dispose()]);
});

test('what does not fit together is refused', () => {
  const other = someMemory(logOf([[0, 1]], 5), { window: 2, horizon: 2 });
  const refuse = (make: () => unknown, expected: object) => expect(make).toThrow(expect.objectContaining(expected));
  const anyHint = { hint: expect.stringMatching(/\w/) };
  refuse(() => fused({}, { memory: other }), { code: 'E_MEMORY', value: 5, ...anyHint });
  refuse(() => createPolicy(agent, paramsOf(agent), shape, { fusion: { weight: 1 } }), {
    code: 'E_MEMORY_MISSING',
    ...anyHint,
  });
  const plain = createPolicy(agent, paramsOf(agent), shape);
  refuse(() => plain.observe([{ history: [1], item: 2 }]), { code: 'E_MEMORY_MISSING', ...anyHint });
  for (const [fusion, value] of [
    [{ form: 'before' }, 'before'],
    [{ weight: -0.1 }, -0.1],
    [{ weight: Number.NaN }, Number.NaN],
    [{ form: 'mixture', weight: 1.1 }, 1.1],
    [{ temperature: 0 }, 0],
  ] as const) {
    refuse(() => fused(fusion as never), { code: 'E_OPTION_VALUE', value });
  }
  refuse(() => fused({ wieght: 1 } as never), {
    code: 'E_OPTION_UNKNOWN',
    value: 'wieght',
    hint: 'Did you mean "weight"?',
  });
  expect(checkedFusion({ weight: 2 }, memory.config).weight).toBe(2);

  for (const config of [
    { type: 'snqn', rankingHead: 'q', encoder: ce.encoder },
    { type: 'ce', encoder: { type: 'sasrec', width: 4, everyPosition: true } },
    { type: 'ce', loss: 'sampled-softmax', sampledItems: 4, encoder: ce.encoder },
  ] as const) {
    const one = createAgent(config);
    refuse(() => fused({ form: 'joint' }, {}, one), {
      code: 'E_MEMORY_JOINT',
      value: config.type,
      hint: expect.stringMatching(/^Set .* Or fuse the memory after training with form "after"\.$/),
    });
  }
  // The parameters of one that learned alone.
  refuse(() => fused({ form: 'joint' }), { code: 'E_POLICY_WEIGHTS', message: expect.stringMatching(/memory\.scale/) });
});
