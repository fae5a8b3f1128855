import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fold, integers, key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32 } from '@lea/tensor';
import { writeModel } from '@lea/tensor/onnx';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportOnnx } from '../export-onnx.ts';
import { logOf } from '../fixtures/memory/logs.ts';
import { countingMemory } from '../memory/counting-memory.ts';
import { withMemory } from '../memory/fusion.ts';
import { createPolicy, type Policy, type PolicyOptions } from '../policy.ts';
import { agentTypes, createAgent, encoderTypes } from '../registry.ts';
import type { AgentConfig } from '../types.ts';
import { type ServedPolicy, servePolicy } from './serve-policy.ts';

const shape = { items: 40, window: 6 };
const itemIds = Array.from({ length: 40 }, (_, item) => `sku-${item}`);
const small: AgentConfig = { type: 'ce', encoder: { type: 'sasrec', width: 8 } };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'serve-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** 300 histories of 0 to 12 events, more than one run takes. */
const histories = Array.from({ length: 300 }, (_, row) => {
  const own = fold(key(7), row);
  return [...integers(fold(own, 'items'), integers(fold(own, 'length'), 1, 13)[0]!, 40)];
});

function policyOf(config: AgentConfig, options: PolicyOptions = { itemIds }): Policy {
  const agent = createAgent(config);
  return createPolicy(agent, agent.init(key(1), shape), shape, { threads: 1, ...options });
}

async function bytesOf(policy: Policy): Promise<Uint8Array> {
  const path = join(folder, 'policy.onnx');
  await exportOnnx(policy, path);
  return readFile(path);
}

async function served(policy: Policy): Promise<ServedPolicy> {
  return servePolicy(await bytesOf(policy), { ort, session: { intraOpNumThreads: 1 } });
}

/** Lists are the same, but for items whose scores differ by no more than rounding. */
async function compared(policy: Policy): Promise<void> {
  await using other = await served(policy);
  const queries = histories.map((history) => ({ history: history.map((item) => itemIds[item]!) }));
  const candidates = [...itemIds.slice(0, 30), 'sku-new'];
  for (const options of [{}, { exclude: 'seen', candidates }, { exclude: ['sku-3'] }] as const) {
    const all = await policy.recommend(queries, 40, options);
    const lists = await other.recommend(queries, 7, options);
    const scale = Math.max(...all.flat().map(({ score }) => Math.abs(score)));
    lists.forEach((list, row) => {
      const own = new Map(all[row]!.map(({ id, score }) => [id, score]));
      expect(list).toHaveLength(7);
      expect(new Set(list.map(({ id }) => id)).size).toBe(7);
      list.forEach(({ id, score }, rank) => {
        expect(Math.abs(score - own.get(id)!)).toBeLessThan(1e-5 * scale);
        expect(Math.abs(score - all[row]![rank]!.score)).toBeLessThan(1e-5 * scale);
      });
    });
  }
  expect(await other.recommend(queries[1]!, 3)).toEqual((await other.recommend(queries, 3))[1]);
  await policy.dispose();
}

const encoders = encoderTypes();

test.each(agentTypes().map((type, i) => [type, encoders[i % encoders.length]!]))(
  'answers as the policy does: %s on %s',
  (type, encoder) => compared(policyOf({ type, encoder: { type: encoder, width: 8 } })),
);

test.each(['after', 'mixture', 'joint'] as const)('answers as a policy with a memory does: %s', async (form) => {
  const rows = Array.from({ length: 60 }, (_, user) => [...integers(fold(key(5), user), 9, user % 3 ? 30 : 8)]);
  const text = float32(
    Array.from({ length: 120 }, (_, i) => Math.sin(i * i)),
    [40, 3],
  );
  const memory = await countingMemory(logOf(rows, shape.items), { gateSteps: 10, text });
  const agent = createAgent(small);
  const params = withMemory(agent, memory, { form }).init(key(1), shape);
  const policy = createPolicy(agent, params, shape, { threads: 1, itemIds, memory, fusion: { form, weight: 0.4 } });
  policy.observeIndices([{ history: [3, 39], item: 38 }]);
  await compared(policy);
});

test('scores as the policy does, also of wider and narrower windows', async () => {
  const policy = policyOf(small);
  await using other = await served(policy);
  expect(other).toMatchObject({ name: 'policy', items: 40, window: 6, itemIds });
  for (const width of [0, 3, 6, 9]) {
    const windows = windowsOf(histories, width, shape.items);
    const [own, scores] = await Promise.all([policy.score(windows), other.score(windows)]);
    expect(scores).toHaveLength(own.length);
    const scale = Math.max(...own.map(Math.abs));
    expect(Math.max(...own.map((score, i) => Math.abs(score - scores[i]!)))).toBeLessThanOrEqual(1e-5 * scale);
  }
  await policy.dispose();
});

test('unknown items and bad histories are told as the policy tells them', async () => {
  const policy = policyOf(small);
  await using other = await served(policy);
  const asked: ((one: Policy | ServedPolicy) => Promise<unknown>)[] = [
    (one) => one.recommend({ history: ['sku-1', 'new'] }, 3, { unknown: 'throw' }),
    (one) => one.recommend({ history: [1] as never }, 3),
    (one) => one.recommend({ history: ['sku-1'] }, -1),
    (one) => one.recommend({ history: ['sku-1'] }, 3, { exclud: 'seen' } as never),
    (one) => one.recommendIndices([3] as never, 3),
    (one) => one.recommendIndices([[40]], 3, { unknown: 'throw' }),
    (one) => one.recommendIndices([[3]], 3, { candidates: [40] }),
    async (one) => one.score({ ...windowsOf([[3]], 2, 40), size: 2 }),
  ];
  for (const ask of asked) {
    const [own, others] = await Promise.all([policy, other].map((one) => ask(one).catch((error: Error) => error)));
    expect(own).toBeInstanceOf(Error);
    expect(others).toEqual(own);
  }
  for (const one of [policy, other]) {
    await one.recommend([{ history: ['sku-1', 'new', 'newer'] }], 3);
    await one.recommendIndices([[99], [-1, 2]], 3);
    expect(one.ignored).toBe(4);
  }
  await policy.dispose();
});

test('without ids it speaks in indices only', async () => {
  const policy = policyOf(small, {});
  await using other = await served(policy);
  expect(other.itemIds).toBeUndefined();
  expect((await other.recommendIndices([[3]], 2))[0]).toHaveLength(2);
  await expect(other.recommend({ history: ['sku-1'] }, 2)).rejects.toMatchObject({ code: 'E_ITEM_IDS' });
  await policy.dispose();
});

test('damaged weights are told: no finite score', async () => {
  const policy = policyOf(small);
  for (const { data } of Object.values(policy.params)) data.fill(Number.NaN as never);
  await using other = await served(policy);
  await expect(other.recommendIndices([[3]], 2)).rejects.toMatchObject({ code: 'E_SCORES_NAN' });
});

test('calls that have begun are finished before it is released; later ones are refused', async () => {
  const other = await served(policyOf(small));
  const begun = [other.recommendIndices(histories, 2), other.recommendIndices([[3]], 2)];
  await Promise.all([other.dispose(), other.dispose()]);
  expect((await Promise.all(begun)).map((lists) => lists.length)).toEqual([300, 1]);
  await expect(other.recommendIndices([[3]], 2)).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

test('takes an ArrayBuffer; refuses what exportOnnx has not written, and says which part', async () => {
  const bytes = await bytesOf(policyOf(small));
  const other = await servePolicy(new Uint8Array(bytes).buffer, { ort });
  await other.dispose();
  const graph = { name: 'g', nodes: [], initializers: [], inputs: [], outputs: [] };
  const withMetadata = (metadata: Record<string, string>) =>
    servePolicy(writeModel(graph, { producer: { name: 'me', version: '1' }, metadata }), { ort });
  const form = { 'lea.items': '40', 'lea.window': '6' };
  for (const [opened, told] of [
    [withMetadata({}), { code: 'E_POLICY_FILE', message: expect.stringContaining('lack lea.items') }],
    [withMetadata({ ...form, 'lea.items': '1e999' }), { code: 'E_POLICY_FILE' }],
    [withMetadata({ ...form, 'lea.ids': '{' }), { code: 'E_POLICY_FILE', message: expect.stringContaining('lea.ids') }],
    [withMetadata({ ...form, 'lea.ids': '{"length":40}' }), { code: 'E_POLICY_FILE' }],
    [withMetadata({ ...form, 'lea.ids': '["a"]' }), { code: 'E_ITEM_IDS' }],
    [servePolicy(bytes.slice(0, 1000), { ort }), { code: 'E_POLICY_FILE' }],
    [servePolicy('policy.onnx' as never, { ort }), { code: 'E_OPTION_VALUE', value: 'policy.onnx' }],
    [servePolicy(bytes, {} as never), { code: 'E_OPTION_VALUE', message: expect.stringContaining('as ort') }],
    [servePolicy(bytes, { ort, threads: 1 } as never), { code: 'E_OPTION_UNKNOWN' }],
  ] as const) {
    await expect(opened).rejects.toMatchObject(told);
  }
});

test('a model of another size than its metadata say is refused at the first call', async () => {
  const bytes = Buffer.from(await bytesOf(policyOf(small, {})));
  const at = bytes.indexOf('lea.items') + 'lea.items'.length + 2;
  expect(bytes.toString('latin1', at, at + 2)).toBe('40');
  bytes.write('41', at);
  await using other = await servePolicy(bytes, { ort });
  await expect(other.recommendIndices([[3]], 2)).rejects.toMatchObject({ code: 'E_POLICY_FILE' });
});
