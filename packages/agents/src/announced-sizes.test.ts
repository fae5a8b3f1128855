import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key } from '@lea/core';
import { pick, readSafetensors, writeSafetensors } from '@lea/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logOf, someMemory } from './fixtures/memory/logs.ts';
import { loadPolicy } from './load.ts';
import { createMemory } from './memory/memory.ts';
import { readTables } from './memory/state.ts';
import { createPolicy } from './policy.ts';
import { createAgent } from './registry.ts';

const shape = { items: 6, window: 3 };
const log = logOf(
  [
    [0, 1, 2],
    [2, 1],
  ],
  6,
);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lea-sizes-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface File {
  readonly agent: { readonly encoder: object };
  readonly shape: object;
  readonly memory: { readonly config: object; hash: string };
}

/** Saves a small policy, changes its JSON, and loads it. */
async function changed(type: string, change: (file: File) => void, memory = false): Promise<unknown> {
  const agent = createAgent({ type: 'ce', encoder: { type, width: 4, ...(type === 'caser' && { heights: [2] }) } });
  const options = memory ? { memory: someMemory(log, { window: 3, horizon: 3 }) } : {};
  const policy = createPolicy(agent, agent.init(key(1), shape), shape, { backend: 'cpu', ...options });
  await policy.save(folder);
  const path = join(folder, 'policy.json');
  const { sha256: _, ...file } = JSON.parse(await readFile(path, 'utf8'));
  change(file);
  await writeFile(path, JSON.stringify(file));
  return loadPolicy(folder, { backend: 'cpu' });
}

// Each of these would be 4 GB and more, or a list of a billion names.
test.each<[string, string, (file: File) => void, string]>([
  ['width', 'sasrec', ({ agent }) => Object.assign(agent.encoder, { width: 2 ** 20 }), 'E_POLICY_SHAPE'],
  [
    'inner width',
    'sasrec-modern',
    ({ agent }) => Object.assign(agent.encoder, { mlpRatio: 2 ** 30 }),
    'E_POLICY_SHAPE',
  ],
  ['blocks', 'sasrec', ({ agent }) => Object.assign(agent.encoder, { layers: 1e9 }), 'E_OPTION_VALUE'],
  ['width of a GRU', 'gru4rec', ({ agent }) => Object.assign(agent.encoder, { width: 1e6 }), 'E_POLICY_SHAPE'],
  ['filters', 'caser', ({ agent }) => Object.assign(agent.encoder, { filters: 1e9 }), 'E_POLICY_SHAPE'],
  ['kernel', 'nextitnet', ({ agent }) => Object.assign(agent.encoder, { kernelSize: 1e9 }), 'E_POLICY_SHAPE'],
  ['window', 'sasrec', ({ shape }) => Object.assign(shape, { window: 1e9 }), 'E_OPTION_VALUE'],
  ['window of no parameter', 'gru4rec', ({ shape }) => Object.assign(shape, { window: 1e9 }), 'E_OPTION_VALUE'],
  ['items', 'sasrec', ({ shape }) => Object.assign(shape, { items: 2 ** 31 - 2 }), 'E_POLICY_SHAPE'],
  [
    'columns of texts',
    'sasrec',
    ({ agent, shape }) => {
      Object.assign(agent.encoder, { itemInput: 'id+text' });
      Object.assign(shape, { textSize: 2 ** 31 });
    },
    'E_POLICY_SHAPE',
  ],
  [
    'columns of texts that are read once',
    'sasrec',
    ({ agent, shape }) => {
      Object.assign(agent.encoder, { itemInput: 'text-init', width: 2 ** 20 });
      Object.assign(shape, { textSize: 2 ** 31 });
    },
    'E_POLICY_SHAPE',
  ],
])('%s of a policy.json are compared before anything of that size is made', async (_, type, change, code) => {
  const before = process.memoryUsage.rss();
  await expect(changed(type, change)).rejects.toMatchObject({ name: 'LeaError', code });
  expect(process.memoryUsage.rss() - before).toBeLessThan(600 * 2 ** 20);
});

test('texts that a network was made from decide nothing of its form, however wide they were', async () => {
  await expect(changed('sasrec', ({ shape }) => Object.assign(shape, { textSize: 2 ** 31 }))).resolves.toBeDefined();
});

test.each<[string, object]>([
  ['window', { window: 1e9 }],
  ['items', { items: 1e9 }],
  ['half a window', { window: 1.5 }],
  ['horizon that is none', { horizon: null }],
  ['gate of another window', { gate: { bias: [0, 1], evidence: {} } }],
  ['gate that is none', { gate: { bias: 'long', evidence: {} } }],
  ['smoothing that is none', { smoothing: 'x' }],
  ['repeat that is none', { repeat: null }],
])("a memory's %s is compared with what there is", async (_, change) => {
  const loaded = changed('gru4rec', (file) => Object.assign(file.memory.config, change), true);
  await expect(loaded).rejects.toMatchObject({ code: 'E_MEMORY_FILE' });
});

test('offsets of a memory that point beyond its tables are refused, whatever the hash says', async () => {
  await changed('gru4rec', () => {}, true);
  const [weights, json] = [join(folder, 'weights.safetensors'), join(folder, 'policy.json')];
  const { tensors } = await readSafetensors(weights);
  for (const [name, value] of [
    ['memory/forward.offsets', 2 ** 31 - 1],
    ['memory/backward.columns', 6],
    ['memory/direct.columns', -1],
  ] as const) {
    const data = tensors[name]!.data.slice();
    data[name.endsWith('offsets') ? 1 : 0] = value;
    await writeSafetensors(weights, { ...tensors, [name]: { ...tensors[name]!, data } });
    const { sha256: _, ...file } = JSON.parse(await readFile(json, 'utf8'));
    const own = pick('memory/', (await readSafetensors(weights)).tensors);
    file.memory.hash = createMemory(file.memory.config, readTables(own, file.memory.config)).hash;
    await writeFile(json, JSON.stringify(file));
    await expect(loadPolicy(folder, { backend: 'cpu' }), name).rejects.toMatchObject({ code: 'E_MEMORY_FILE' });
  }
});
