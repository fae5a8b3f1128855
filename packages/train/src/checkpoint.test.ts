import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ce, sasrec } from '@lea/agents';
import { float32, int32, readSafetensors, type Value, writeSafetensors } from '@lea/tensor';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TrainEvent } from './events.ts';
import { chain } from './fixtures/chain.ts';
import { fit } from './train.ts';

const options = (given: object = {}) => ({
  agent: ce({ encoder: sasrec({ width: 8 }) }),
  train: chain(60, 1),
  validation: chain(20, 2),
  rewards: [0.2, 1],
  window: 5,
  batch: 32,
  evaluateEvery: 5,
  maxSteps: 10,
  patience: 10,
  threads: 1,
  ...given,
});

let folder = '';
/** A checkpoint at step 5 of 10. */
let whole = '';
let hash = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  whole = join(folder, 'whole.safetensors');
  for await (const event of fit(options({ checkpoint: whole }))) if (event.type === 'checkpoint') break;
  const { policy, weightsHash } = await fit(options());
  await policy.dispose();
  hash = weightsHash;
});
afterAll(() => rm(folder, { recursive: true }));

const damaged = (checkpoint: string) => ({ code: 'E_CHECKPOINT_DAMAGED', value: checkpoint });

/** A checkpoint that somebody changed, hashes and all; undefined takes a tensor or a field away. */
async function changed(tensors: Record<string, Value | undefined>, progress: object = {}): Promise<string> {
  const { tensors: stored, metadata } = await readSafetensors(whole);
  const values = Object.entries({ ...stored, ...tensors }).filter((entry): entry is [string, Value] => !!entry[1]);
  const path = join(folder, 'changed.safetensors');
  await writeSafetensors(path, Object.fromEntries(values), {
    ...metadata,
    progress: JSON.stringify({ ...JSON.parse(metadata.progress!), ...progress }),
  });
  return path;
}

it('a whole one is gone on from to the same bits', async () => {
  const checkpoint = join(folder, 'copy.safetensors');
  await copyFile(whole, checkpoint);
  const { policy, weightsHash, steps } = await fit(options({ checkpoint }));
  await policy.dispose();
  expect([weightsHash, steps]).toEqual([hash, 10]);
});

it('one flipped bit of a weight or of the progress is refused', async () => {
  const checkpoint = join(folder, 'flipped.safetensors');
  const bytes = await readFile(whole);
  const step = bytes.indexOf('step\\":5') + 'step\\":'.length;
  for (const [at, bit] of [
    [bytes.length - 1, 1],
    [step, 2], // 5 becomes 7
  ] as const) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= bit;
    await writeFile(checkpoint, flipped);
    await expect(fit(options({ checkpoint }))).rejects.toMatchObject(damaged(checkpoint));
  }
});

it.each<[string, object, RegExp]>([
  ['no phaseStart', { phaseStart: undefined }, /phaseStart is undefined/],
  ['a step that is none', { step: null }, /step is null/],
  ['a negative step', { step: -5 }, /step is -5/],
  ['half a step', { validated: 2.5 }, /validated is 2\.5/],
  ['steps that do not follow', { phaseStart: 6 }, /phaseStart 6, validated 5 and step 5 /],
  ['a phase too many', { phase: 1 }, /phase index 1 .* 1 phases/],
  ['a loss that is none', { lossSum: 'NaN' }, /lossSum is "?NaN/],
  ['a best without a value', { best: { phase: 'x', step: 5, loss: 1 } }, /best is/],
  ['no best beside its weights', { best: null }, /unexpected tensor "best1\/.*"/],
  ['no curve', { curve: {} }, /curve is/],
  ['an end that is no yes or no', { finished: 1 }, /finished is 1/],
])('progress with %s is refused', async (_, progress, message) => {
  const checkpoint = await changed({}, progress);
  await expect(fit(options({ checkpoint }))).rejects.toMatchObject({
    ...damaged(checkpoint),
    message: expect.stringMatching(message),
  });
});

const matrix = float32(new Float32Array(64), [8, 8]);

it.each<[string, Record<string, Value | undefined>, RegExp]>([
  ['missing', { 'network1/slots/t': undefined }, /expected float32\[\] as "network1\/slots\/t", got missing/],
  ['too many', { 'network2/params/x': matrix }, /unexpected tensor "network2\/params\/x"/],
  [
    'of another shape',
    { 'network1/slots/t': matrix },
    /expected float32\[\] as "network1\/slots\/t", got float32\[8, 8\]/,
  ],
  [
    'of another type',
    { 'network1/slots/t': int32([1], []) },
    /expected float32\[\] as "network1\/slots\/t", got int32\[\]/,
  ],
])('tensors that are %s are refused', async (_, tensors, message) => {
  const checkpoint = await changed(tensors);
  await expect(fit(options({ checkpoint }))).rejects.toMatchObject({
    ...damaged(checkpoint),
    message: expect.stringMatching(message),
  });
});

it('progress that is no JSON is refused', async () => {
  const { tensors, metadata } = await readSafetensors(whole);
  const checkpoint = join(folder, 'text.safetensors');
  for (const progress of ['{', 'null', '7']) {
    await writeSafetensors(checkpoint, tensors, { ...metadata, progress });
    await expect(fit(options({ checkpoint }))).rejects.toMatchObject(damaged(checkpoint));
  }
});

it('a run that begins anew says why, and remains of killed writes are gone', async () => {
  const own = join(folder, 'own');
  const checkpoint = join(own, 'run.safetensors');
  const given = { checkpoint, threads: 2, onMismatch: 'restart' as const };
  const start = async (): Promise<Extract<TrainEvent, { type: 'start' }> | undefined> => {
    for await (const event of fit(options(given))) if (event.type === 'start') return event;
    return undefined;
  };
  expect(await start()).not.toHaveProperty('discarded');
  await writeSafetensors(checkpoint, {});
  expect(await start()).toMatchObject({
    discarded: 'Expected a checkpoint written by fit, but the file is something else.',
  });
  await copyFile(whole, checkpoint);
  await writeFile(`${checkpoint}.01234567-89ab-cdef-0123-456789abcdef.tmp`, 'half');
  expect(await start()).toMatchObject({
    resumedFrom: 0,
    discarded: 'The checkpoint was saved with different options: runtime.threads: 1 saved, 2 given.',
  });
  expect(await readdir(own)).toEqual(['run.safetensors']);
});
