import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { modelsOf } from './models.ts';

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
