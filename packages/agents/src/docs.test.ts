import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { key } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { encoder, setUp } from './agents/testing.ts';
import * as exported from './index.ts';
import { agentTypes, createAgent, encoderTypes } from './registry.ts';
import { keyTensor, tensors } from './testing/tensors.ts';

const docs = fileURLToPath(new URL('../../../docs', import.meta.url));
const read = (path: string) => readFileSync(join(docs, path), 'utf8');

const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');

/** The sections of a page by their anchors. */
function sections(markdown: string): Record<string, string> {
  const parts = markdown.split(/^#+ /m).slice(1);
  return Object.fromEntries(parts.map((part) => [anchor(part.slice(0, part.indexOf('\n')).trim()), part]));
}

describe.each(agentTypes())('agents/%s.md', (type) => {
  const page = read(`agents/${type}.md`);
  const { type: _, encoder: __, ...defaults } = createAgent({ type, encoder: { type: 'sasrec' } }).config;

  test('lists the metrics that are logged', () => {
    const options = 'gamma' in defaults ? { cqlWeight: 0.1 } : {};
    const agent = createAgent({ type, ...options, encoder: encoder.config });
    const { run } = setUp(agent);
    const logged = tf.tidy(() => agent.phases.flatMap(({ name }) => Object.keys(run({ phase: name }).metrics)));
    const rows = sections(page)
      .metrics!.split('\n')
      .filter((line) => line.startsWith('| `'));
    const listed = rows.flatMap((row) => [...row.split(/ +\| /)[0]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
    expect(listed.sort()).toEqual([...new Set(logged)].sort());
  });

  test('says what it is, what to watch and when to use it', () => {
    expect(Object.keys(sections(page))).toEqual(
      expect.arrayContaining(['options', 'metrics', 'what-to-watch', 'when-to-use-it']),
    );
    expect(read('agents/README.md')).toContain(`[\`${type}\`](${type}.md)`);
  });
});

test.each([
  ['agents', agentTypes()],
  ['encoders', encoderTypes()],
])('every page of %s links the table of its options', (folder, types) => {
  expect(Object.keys(sections(read(`${folder}/options.md`)))).toEqual(expect.arrayContaining(types));
  for (const type of types) expect(read(`${folder}/${type}.md`)).toContain(`(options.md#${type})`);
  for (const type of types) expect(read(`${folder}/README.md`)).toContain(`[\`${type}\`](${type}.md)`);
});

test('agents/lea.md lists the metrics that an environment adds', () => {
  const agent = createAgent({ type: 'sa2c', alignmentWeight: 1, criticState: true, encoder: encoder.config });
  const [shape, guidance] = [
    { items: 7, window: 4, stateSize: 2 },
    { targets: 1, states: 2 },
  ] as const;
  const [params, target] = [1, 2].map((seed) => tensors(agent.init(key(seed), shape)));
  const { batch } = setUp(createAgent({ type: 'sa2c', encoder: encoder.config }));
  const rows = batch.action!.size;
  const guided = {
    targets: tf.zeros([rows, guidance.targets], 'int32'),
    targetWeights: tf.ones([rows, guidance.targets]),
    targetRewards: tf.ones([rows, guidance.targets]),
    environmentState: tf.ones([rows, guidance.states]),
    nextEnvironmentState: tf.ones([rows, guidance.states]),
  };
  const input = { params: params!, target: target!, batch: { ...batch, ...guided }, key: keyTensor(), frozen: {} };
  const logged = Object.keys(agent.loss({ ...input, phase: 'advantage' }).metrics);
  const listed = (page: string) => [...sections(read(page)).metrics!.matchAll(/^\| .*? \|/gm)].flatMap(([row]) => [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)); // biome-ignore format: one line
  const own = listed('agents/sa2c.md').filter((name) => name !== 'loss/cql');
  expect([...own, ...listed('agents/lea.md')].sort()).toEqual(logged.sort());
});

const pages = ['agents', 'encoders'].flatMap((folder) =>
  readdirSync(join(docs, folder)).map((file) => `${folder}/${file}`),
);

test.each(pages)('%s: links lead somewhere, examples import what there is', (path) => {
  const page = read(path);
  for (const [, target] of page.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target!)) continue;
    const [file, id] = target!.split('#');
    const full = file ? join(dirname(path), file) : path;
    expect(existsSync(join(docs, full)), target).toBe(true);
    if (id) expect(Object.keys(sections(read(full))), target).toContain(id);
  }
  for (const [, names] of page.matchAll(/import \{ ([^}]+) \} from '@lea\/agents'/g)) {
    for (const name of names!.split(', ')) expect(Object.keys(exported)).toContain(name);
  }
});
