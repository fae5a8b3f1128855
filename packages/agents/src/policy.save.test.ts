import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@lea/core';
import { windowsOf } from '@lea/data';
import { float32, readSafetensors, writeSafetensors } from '@lea/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPolicy } from './load.ts';
import { createPolicy } from './policy.ts';
import { defineAgent } from './registry.ts';
import { weightsHash } from './save.ts';
import { agent, fresh, histories, ids, named, quick, shape, text } from './testing/policies.ts';
import type { Agent } from './types.ts';
import { agentsVersion } from './version.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'policy-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a saved policy scores as before; damage is named', async () => {
  const policy = fresh();
  await policy.save(folder);
  const again = await loadPolicy(folder, quick);
  expect(again.agent.config).toEqual(agent.config);
  expect(again.shape).toEqual(shape);
  const windows = windowsOf(histories, shape.window, shape.items);
  expect(await again.score(windows)).toEqual(await policy.score(windows));
  expect(again.name).toBe('sasrec-snqn');
  await Promise.all([policy.dispose(), again.dispose()]);

  const path = join(folder, 'policy.json');
  const whole = await readFile(path, 'utf8');
  expect(JSON.parse(whole)).toMatchObject({ version: 5, agentsVersion, weightsHash: weightsHash(policy.params) });
  await writeFile(path, whole.replace('"window": 3', '"window": 4'));
  await expect(loadPolicy(folder)).rejects.toMatchObject({ code: 'E_POLICY_FILE', value: path });
  await writeFile(path, edited(whole, { weightsHash: '?' }));
  await expect(loadPolicy(folder)).rejects.toThrow(/weights/);
  await writeFile(path, edited(whole, { version: 4 }));
  await expect(loadPolicy(folder)).rejects.toMatchObject({ code: 'E_POLICY_VERSION', value: 4 });
  await writeFile(path, '{ "version": 1 }');
  await expect(loadPolicy(folder)).rejects.toThrow(/lacks required fields/);
  await writeFile(path, '{ "version": 7, "agentsVersion": "9.8.7" }');
  const newer = loadPolicy(folder);
  await expect(newer).rejects.toMatchObject({ code: 'E_POLICY_VERSION', value: 7 });
  await expect(newer).rejects.toThrow(/9\.8\.7.*Update the package/);
  await writeFile(path, '{');
  await expect(loadPolicy(folder)).rejects.toThrow(/not valid JSON/);
  await expect(loadPolicy(join(folder, 'none'))).rejects.toThrow(/does not exist/);
});

test('text vectors belong to what is saved, and no parameter is taken for them', async () => {
  const named = { ...agent, init: (...args: Parameters<Agent['init']>) => ({ ...agent.init(...args), text: one }) };
  const one = float32([1], [1]);
  const factory = defineAgent({ type: 'with-text', schema: {}, build: () => named });
  const own = factory({ encoder: agent.encoder });
  const policy = createPolicy(own, own.init(key(1), shape, text), shape, { ...quick, text });
  const saved = join(folder, 'with-text');
  await policy.save(saved);
  const again = await loadPolicy(saved, quick);
  expect([again.params, again.text]).toEqual([policy.params, text]);

  const path = join(saved, 'weights.safetensors');
  const { tensors } = await readSafetensors(path);
  const { 'frozen/text': _, ...without } = tensors;
  for (const damaged of [{ ...tensors, 'frozen/text': float32(Array(16).fill(9), [8, 2]) }, without]) {
    await writeSafetensors(path, damaged);
    await expect(loadPolicy(saved)).rejects.toMatchObject({ code: 'E_POLICY_WEIGHTS' });
  }
});

test('a type that nobody defined is told with its file', async () => {
  const saved = join(folder, 'foreign');
  await fresh().save(saved);
  const path = join(saved, 'policy.json');
  const whole = await readFile(path, 'utf8');
  await writeFile(path, edited(whole.replace('"snqn"', '"elsewhere"')));
  const refused = loadPolicy(saved);
  await expect(refused).rejects.toMatchObject({ code: 'E_TYPE_UNKNOWN', value: 'elsewhere' });
  await expect(refused).rejects.toThrow(/policy\.json.*Import the package that defines it before loading/);
});

test('options of a policy are checked', async () => {
  const params = agent.init(key(1), shape, text);
  for (const [options, code] of [
    [{ bacth: 3 }, 'E_OPTION_UNKNOWN'],
    [{ batch: 1.5 }, 'E_OPTION_VALUE'],
    [{ threads: 0 }, 'E_OPTION_VALUE'],
    [{ threads: 0.5 }, 'E_OPTION_VALUE'],
  ] as const) {
    const refused = expect.objectContaining({ code });
    expect(() => createPolicy(agent, params, shape, { text, ...options })).toThrow(refused);
    await fresh().save(join(folder, 'options'));
    await expect(loadPolicy(join(folder, 'options'), options as object)).rejects.toEqual(refused);
  }
});

/** A policy file after a change by hand: without its hash. */
function edited(whole: string, change: object = {}): string {
  return JSON.stringify({ ...JSON.parse(whole), sha256: undefined, ...change });
}

test('ids are saved with the policy, and other ids beside it are refused', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lea-ids-'));
  const policy = named(ids);
  await policy.save(dir);
  const loaded = await loadPolicy(dir);
  expect(loaded.itemIds).toEqual(ids);
  const query = { history: ['sku-1'] };
  expect(await loaded.recommend(query, 4)).toEqual(await policy.recommend(query, 4));
  await writeFile(join(dir, 'items.json'), JSON.stringify(ids.toReversed()));
  await expect(loadPolicy(dir)).rejects.toMatchObject({ code: 'E_POLICY_ITEMS' });
  await writeFile(join(dir, 'items.json'), '[');
  await expect(loadPolicy(dir)).rejects.toMatchObject({ code: 'E_POLICY_ITEMS' });
  await Promise.all([policy.dispose(), loaded.dispose()]);
});
