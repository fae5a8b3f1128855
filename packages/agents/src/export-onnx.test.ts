import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fold, integers, key, uniform } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportOnnx } from './export-onnx.ts';
import { logOf } from './fixtures/memory/logs.ts';
import { loadPolicy } from './load.ts';
import { countingMemory } from './memory/counting-memory.ts';
import { withMemory } from './memory/fusion.ts';
import { createPolicy, type Policy } from './policy.ts';
import { agentTypes, createAgent, encoderTypes } from './registry.ts';
import type { Agent, AgentConfig } from './types.ts';

const shape = { items: 40, window: 6, textSize: 3 };
const text = float32(
  Array.from({ length: 120 }, (_, i) => Math.sin(i * i)),
  [40, 3],
);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** 1,000 histories of 0 to 12 events, the window being 6; few items, so that they repeat. */
const histories = Array.from({ length: 1000 }, (_, row) => {
  const own = fold(key(7), row);
  const [length, range] = [integers(fold(own, 'length'), 1, 13)[0]!, integers(fold(own, 'range'), 1, 40)[0]! + 1];
  return [...integers(fold(own, 'items'), length, range)];
});

/** Rows of a common width, padded with `fill`: the events of each row stand somewhere in it, with holes. */
function scattered(
  rows: readonly (readonly number[])[],
  width: number,
  fill: readonly number[],
): Record<string, Tensor> {
  const items = new BigInt64Array(rows.length * width);
  const mask = new Uint8Array(rows.length * width);
  for (const [row, events] of rows.entries()) {
    const order = uniform(fold(key(9), row), width);
    const slots = [...order.keys()].sort((a, b) => order[a]! - order[b]!).slice(0, events.length);
    for (let i = 0; i < width; i++) items[row * width + i] = BigInt(fill[i % fill.length]!);
    for (const [i, slot] of slots.sort((a, b) => a - b).entries()) {
      items[row * width + slot] = BigInt(events[i]!);
      mask[row * width + slot] = 1;
    }
  }
  return {
    items: new Tensor('int64', items, [rows.length, width]),
    mask: new Tensor('bool', mask, [rows.length, width]),
  };
}

async function exported(policy: Policy, k = 10): Promise<InferenceSession> {
  const path = join(folder, 'policy.onnx');
  await exportOnnx(policy, path, { k });
  return InferenceSession.create(path, { intraOpNumThreads: 1, logSeverityLevel: 3 });
}

function policyOf(config: AgentConfig): Policy {
  const agent = createAgent(config);
  return createPolicy(agent, agent.init(key(1), shape, text), shape, { threads: 1, text });
}

const encoders = encoderTypes();
const configs: AgentConfig[] = [
  ...agentTypes().map((type, i) => ({ type, encoder: { type: encoders[i % encoders.length]!, width: 8 } })),
  { type: 'ce', encoder: { type: 'gru4rec', width: 8, itemInput: 'id+text', tied: 'bias' } },
  { type: 'sa2c', rankingHead: 'q', encoder: { type: 'sasrec', width: 8, itemInput: 'id+text' } },
];

/** Scores and lists of the exported model and of the policy are those of each other, on all histories. */
async function compared(policy: Policy): Promise<void> {
  const session = await exported(policy);
  const outputs = await session.run(scattered(histories, 16, [3]));
  const lists = await policy.recommendIndices(histories, 10);
  const scores = await policy.score(windowsOf(histories, policy.window, shape.items));
  const own = outputs.scores!.data as Float32Array;
  expect(own).toHaveLength(scores.length);
  const scale = Math.max(...scores.map(Math.abs));
  expect(Math.max(...own.map((score, i) => Math.abs(score - scores[i]!)))).toBeLessThan(1e-5 * scale);
  expect(outputs.top_items!.dims).toEqual([1000, 10]);
  const top = Array.from(outputs.top_items!.data as BigInt64Array, Number);
  lists.forEach((list, row) => {
    const wanted = list.map(({ item }) => item);
    const got = top.slice(row * 10, row * 10 + 10);
    // Items may change places only where rounding decides.
    const swapped = wanted.filter(
      (item, i) => Math.abs(scores[row * 40 + item]! - scores[row * 40 + got[i]!]!) > 1e-6 * scale,
    );
    expect({ row, swapped, got: got.length }).toEqual({ row, swapped: [], got: 10 });
  });
  await Promise.all([session.release(), policy.dispose()]);
}

test.each(configs)('the exported model ranks as the policy does: %o', async (config) => {
  await compared(policyOf(config));
  // As the guide to serving says.
  const fused = config.encoder.type === 'sasrec-modern';
  expect((await readFile(join(folder, 'policy.onnx'))).includes('com.microsoft')).toBe(fused);
});

const log = logOf(
  Array.from({ length: 60 }, (_, user) => [...integers(fold(key(5), user), 9, user % 3 ? 30 : 8)]),
  shape.items,
);

test.each([
  ['after', false, 4],
  ['after', true, 9],
  ['mixture', true, 9],
  ['joint', false, 9],
] as const)(
  'the memory of a policy is exported with it: %s, with texts: %s, of %i events',
  async (form, withText, window) => {
    // Few neighbors, so that some are left out, and a window that is not the network's.
    const options = { window, neighbors: 5, textNeighbors: 7, gateSteps: 10, ...(withText && { text }) };
    const memory = await countingMemory(log, options);
    const agent = createAgent({ type: 'ce', encoder: { type: 'sasrec', width: 8 } });
    const params = withMemory(agent, memory, { form }).init(key(1), shape);
    const policy = createPolicy(agent, params, shape, { threads: 1, memory, fusion: { form, weight: 0.4 } });
    policy.observeIndices([{ history: [3, 39], item: 38 }]);
    await compared(policy);
    const bytes = await readFile(join(folder, 'policy.onnx'));
    for (const part of ['lea.memory', policy.memory!.hash, 'lea.fusion', JSON.stringify(policy.fusion)]) {
      expect(bytes.includes(part), part).toBe(true);
    }
  },
);

test('an exported memory has no room to grow: it is the same file after the policy was saved', async () => {
  const memory = await countingMemory(log, { gateSteps: 1 });
  const agent = createAgent({ type: 'ce', encoder: { type: 'sasrec', width: 8 } });
  const policy = createPolicy(agent, agent.init(key(1), shape), shape, { memory });
  await policy.save(join(folder, 'saved'));
  const saved = await loadPolicy(join(folder, 'saved'));
  const room = (one: Policy) => one.memory!.state.joined.columns.length;
  expect(room(policy)).toBeGreaterThan(room(saved) + 40);
  const files = [policy, saved].map(async (one, i) => {
    await exportOnnx(one, join(folder, `room${i}.onnx`));
    return readFile(join(folder, `room${i}.onnx`));
  });
  const [own, other] = await Promise.all(files);
  // But for the length of one number: rows are padded to the longest, which a table with room rounds up.
  expect(Math.abs(own!.length - other!.length)).toBeLessThan(20);
});

test('batches of any size, histories of any width, unknown items, empty rows', async () => {
  const policy = policyOf({ type: 'snqn', encoder: { type: 'sasrec', width: 8 } });
  const session = await exported(policy);
  const few = [[1, 2, 3], [], [5], [7, 7, 7, 7, 7, 7, 7, 7]];
  const { scores } = await session.run(scattered(few, 9, [0]));
  // What is masked may be anything; what is unknown counts as masked.
  const ignored = await session.run(scattered(few, 9, [-1, 40, 10 ** 12]));
  expect(ignored.scores!.data).toEqual(scores!.data);
  const unknown = few.map((history) => [99, ...history.flatMap((item) => [item, -5])]);
  expect((await session.run(scattered(unknown, 30, [0]))).scores!.data).toEqual(scores!.data);
  for (const [row, history] of few.entries()) {
    const alone = await session.run(scattered([history], history.length, [0]));
    expect(alone.scores!.dims).toEqual([1, 40]);
    expect(alone.scores!.data).toEqual(scores!.data.slice(row * 40, row * 40 + 40));
  }
  const none = await session.run(scattered([], 9, [0]));
  expect([none.scores!.dims, none.top_items!.dims]).toEqual([
    [0, 40],
    [0, 10],
  ]);
  await Promise.all([session.release(), policy.dispose()]);
});

/** An agent of somebody else, whose scores do not even depend on the history. */
function popularity(counts: readonly number[]): { agent: Agent; params: Values } {
  const params = { counts: float32(counts), unread: float32(new Float32Array(1000)) };
  const agent: Agent = {
    ...createAgent({ type: 'ce', encoder: { type: 'sasrec', width: 8 } }),
    init: () => params,
    score: ({ counts }, { items }) => tf.tile(tf.reshape(counts!, [1, -1]), [items.shape[0]!, 1]),
  };
  return { agent, params };
}

test('equal scores are ranked by index, NaN last; lists are as long as the catalog at most', async () => {
  const { agent, params } = popularity([2, Number.NaN, 5, 5, 0, 2, -1, 5]);
  const policy = createPolicy(agent, params, { items: 8, window: 2 }, { threads: 1 });
  const session = await exported(policy, 100);
  const { top_items, top_scores } = await session.run(scattered([[1], []], 2, [0]));
  const order = [2, 3, 7, 0, 5, 4, 6, 1];
  expect(Array.from(top_items!.data as BigInt64Array, Number)).toEqual([...order, ...order]);
  expect([...(top_scores!.data as Float32Array)].slice(0, 8)).toEqual([5, 5, 5, 2, 2, 0, -1, -Infinity]);
  const [list] = await policy.recommendIndices([[1]], 100);
  expect(list!.map(({ item }) => item)).toEqual(order.slice(0, 7));
  await Promise.all([session.release(), policy.dispose()]);
});

test.each([1, 10, 2000])('ties of large catalogs, k = %i', async (k) => {
  const { agent, params } = popularity([...integers(key(3), 3000, 4)]);
  const policy = createPolicy(agent, params, { items: 3000, window: 2 }, { threads: 1 });
  const session = await exported(policy, k);
  const { top_items } = await session.run(scattered([[1]], 1, [0]));
  const [list] = await policy.recommendIndices([[1]], k);
  expect(Array.from(top_items!.data as BigInt64Array, Number)).toEqual(list!.map(({ item }) => item));
  await Promise.all([session.release(), policy.dispose()]);
});

test('the file is whole, has no weights that scoring does not read, and tells what it is', async () => {
  const { agent, params } = popularity(Array<number>(8).fill(0));
  const path = join(folder, 'new', 'policy.onnx');
  const policy = createPolicy(agent, params, { items: 8, window: 2 });
  await exportOnnx(policy, path);
  const bytes = await readFile(path);
  expect(bytes.length).toBeLessThan(4000);
  for (const part of ['@lea/agents', 'lea.agent', JSON.stringify(agent.config), 'lea.items', 'lea.window']) {
    expect(bytes.includes(part), part).toBe(true);
  }
  expect(bytes.includes('com.microsoft')).toBe(false);
  expect(await readdir(join(folder, 'new'))).toEqual(['policy.onnx']);
  for (const k of [0, 2.5])
    await expect(exportOnnx(policy, path, { k })).rejects.toMatchObject({ code: 'E_OPTION_VALUE' });
  await expect(exportOnnx(policy, path, { topK: 3 } as object)).rejects.toMatchObject({ code: 'E_OPTION_UNKNOWN' });
});

test('what an environment taught costs nothing to serve: its parameters are not in the file', async () => {
  const encoder = { type: 'sasrec', width: 8 };
  const bytesOf = async (options: object, stateSize?: number) => {
    const agent = createAgent({ type: 'snqn', ...options, encoder });
    const own = { ...shape, ...(stateSize && { stateSize }) };
    const path = join(folder, 'taught.onnx');
    await exportOnnx(createPolicy(agent, agent.init(key(1), own, text), own, { text }), path);
    return (await readFile(path)).toString('latin1').replaceAll(JSON.stringify(agent.config), '');
  };
  const plain = await bytesOf({});
  const taught = await bytesOf({ alignmentWeight: 0.1, criticState: true }, 50);
  expect(taught).not.toMatch(/params\/(align|q)\./);
  // But for the length of the agent's JSON in the metadata.
  expect(Math.abs(taught.length - plain.length)).toBeLessThan(4);
});

test('what cannot be written is refused and leaves the old file', async () => {
  const path = join(folder, 'kept.onnx');
  await writeFile(path, 'old');
  const { agent, params } = popularity([1]);
  const many = { ...params, ...Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`w${i}`, big])) };
  const huge = { ...many, counts: float32(new Float32Array(8)) };
  const greedy: Agent = {
    ...agent,
    init: () => huge,
    score: ({ counts, unread, ...weights }, histories) =>
      Object.values(weights).reduce(
        (sum, w) => tf.add(sum, tf.slice(w, 0, 8)),
        agent.score({ counts: counts! }, histories),
      ) as never,
  };
  const tooLarge = createPolicy(greedy, huge, { items: 8, window: 2 });
  await expect(exportOnnx(tooLarge, path)).rejects.toMatchObject({ code: 'E_MODEL_SIZE' });
  expect(await readFile(path, 'utf8')).toBe('old');
});

/** 64 MiB that nobody ever touches. */
const big = float32(new Float32Array(2 ** 24));
