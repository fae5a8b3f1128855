import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogueModel } from './catalogue-model.ts';
import { finish } from './progress.ts';
import { loadLanguageModel, saveLanguageModel } from './save-language-model.ts';

test('a language model comes back from its folder; broken folders are named', async () => {
  const texts = ['steel bolt', 'copper wire', 'steel wire'];
  const options = { vocabulary: 270, width: 8, heads: 2, kvHeads: 1, context: 8, epochs: 1 };
  const lm = await finish(catalogueModel(texts, options));
  const dir = await mkdtemp(join(tmpdir(), 'lea-model-'));
  await saveLanguageModel(lm, dir);
  const again = await loadLanguageModel(dir);
  expect(again.hash).toBe(lm.hash);
  expect(again.tokenizer.encode('steel wire')).toEqual(lm.tokenizer.encode('steel wire'));
  expect(again.context).toBe(8);

  await writeFile(join(dir, 'config.json'), '{"model_type":"gpt2"}');
  await expect(loadLanguageModel(dir)).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED' });
  await writeFile(join(dir, 'config.json'), 'nonsense');
  await expect(loadLanguageModel(dir)).rejects.toThrow('not JSON');
  await saveLanguageModel({ ...lm, config: { ...lm.config, mlp: 16 } }, dir);
  await expect(loadLanguageModel(dir)).rejects.toMatchObject({ code: 'E_MODEL_WEIGHTS' });
  await rm(dir, { recursive: true });
});
