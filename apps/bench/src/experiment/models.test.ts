import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLanguageModel } from '@lea/env';
import { expect, test } from 'vitest';
import { pretrainedDecoder } from '../testing/bench.ts';
import { modelsOf, pretrained } from './models.ts';

test('a model in a folder is its content, wherever it lies; one on the hub its name', async () => {
  const folderOf = (tokenizer: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'lea-model-'));
    mkdirSync(join(folder, 'onnx'));
    writeFileSync(join(folder, 'onnx', 'model.onnx'), 'weights');
    writeFileSync(join(folder, 'tokenizer.json'), tokenizer);
    return folder;
  };
  const [one, same, other] = [folderOf('a'), folderOf('a'), folderOf('b')];
  const models = await modelsOf([one, same, other, 'Some/model'].map((model) => ({ tier: 'encoder', model })));
  expect(models[one]).toBe(models[same]);
  expect(models[one]).not.toBe(models[other]);
  expect(models['Some/model']).toBe('Some/model');
  expect(await modelsOf([{ tier: 'catalog' }, { model: 'unused' }])).toEqual({});
  await expect(modelsOf([{ tier: 'encoder', model: './nowhere' }])).rejects.toMatchObject({ code: 'E_MODEL_MISSING' });
});

test('a decoder is the hash of its language model, wherever it lies', async () => {
  const parent = mkdtempSync(join(tmpdir(), 'lea-model-'));
  const one = await pretrainedDecoder(join(parent, 'one'));
  const same = join(parent, 'same');
  cpSync(one, same, { recursive: true });
  const other = await pretrainedDecoder(join(parent, 'other'), { seed: 1 });
  const models = await modelsOf([one, same, other].map((model) => ({ tier: 'decoder', model })));
  expect(models[one]).toBe((await loadLanguageModel(one)).hash);
  expect(models[same]).toBe(models[one]);
  expect(models[other]).not.toBe(models[one]);
  // It is loaded once, for its hash and for its use.
  expect(await pretrained(one)).toBe(await pretrained(one));
  expect((await pretrained(one)).hash).toBe(models[one]);
  await expect(modelsOf([{ tier: 'decoder', model: 'nowhere' }])).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
});
