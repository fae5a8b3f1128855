import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32, readSafetensors, writeSafetensors } from '@lea/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logOf } from '../fixtures/memory/logs.ts';
import { loadPolicy } from '../load.ts';
import { createPolicy } from '../policy.ts';
import { countingMemory } from './counting-memory.ts';
import {
  agent,
  disposeMemories,
  fused,
  joined,
  log,
  memory,
  paramsOf,
  quick,
  scoresOf,
  shape,
  wide,
  windows,
} from './testing.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await disposeMemories();
});

test('a saved policy with a memory scores as before, to the last bit', async () => {
  for (const form of ['after', 'mixture', 'joint'] as const) {
    const params = form === 'joint' ? joined(0.5, -2).params : paramsOf(agent);
    const policy = createPolicy(agent, params, shape, { ...quick, memory, fusion: { form } });
    policy.observeIndices([{ history: [6], item: 7 }]);
    const saved = join(folder, form);
    await policy.save(saved);
    const again = await loadPolicy(saved, quick);
    expect(again.fusion).toEqual(policy.fusion);
    expect(again.memory!.hash).toBe(policy.memory!.hash);
    expect(again.memory!.config).toEqual(memory.config);
    again.observeIndices([{ history: [7], item: 6 }]);
    policy.observeIndices([{ history: [7], item: 6 }]);
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
  again.observeIndices(events);
  policy.observeIndices(events);
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
