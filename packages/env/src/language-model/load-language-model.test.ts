import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32, readSafetensors, writeSafetensors } from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { catalogModel } from './catalog-model.ts';
import { loadLanguageModel } from './load-language-model.ts';
import { saveLanguageModel } from './save-language-model.ts';
import { modelFolder } from './testing.ts';

const folder = modelFolder();
const { folderOf, weights, shard, edit } = folder;

describe('a folder', () => {
  test('gives back a catalog model as it was saved', async () => {
    const texts = ['steel bolt', 'copper wire', 'steel wire'];
    const options = { vocabSize: 270, width: 8, heads: 2, kvHeads: 1, context: 8, epochs: 1 };
    const languageModel = await catalogModel(texts, options);
    await saveLanguageModel(languageModel, folder.dir);
    const again = await loadLanguageModel(folder.dir);
    expect(again.config).toEqual(languageModel.config);
    expect(again.hash).toBe(languageModel.hash);
    expect(again.tokenizer.encode('steel wire')).toEqual(languageModel.tokenizer.encode('steel wire'));
    expect(again.context).toBe(8);
  });

  test('gives back how many tokens of a text are read, and the perplexity that was measured', async () => {
    const texts = Array.from({ length: 8 }, (_, i) => `steel bolt ${i}`);
    const options = { vocabSize: 270, width: 8, heads: 2, context: 100, epochs: 1, validationShare: 0.25 };
    const languageModel = await catalogModel(texts, options);
    await saveLanguageModel(languageModel, folder.dir);
    const again = await loadLanguageModel(folder.dir);
    expect([again.context, again.perplexity]).toEqual([100, languageModel.perplexity]);
    expect(languageModel.perplexity).toBeGreaterThan(1);
    const shorter = await loadLanguageModel(folder.dir, { context: 30 });
    await saveLanguageModel(shorter, join(folder.dir, 'again'));
    expect((await loadLanguageModel(join(folder.dir, 'again'))).context).toBe(30);
  });

  test.each(['llama', 'gpt2', 'qwen2-tied', 'gemma3'])('of %s comes back from where it is saved', async (name) => {
    folder.dir = await folderOf(name);
    const languageModel = await loadLanguageModel(folder.dir);
    const copy = join(folder.dir, 'copy');
    await saveLanguageModel(languageModel, copy);
    const again = await loadLanguageModel(copy);
    expect(again.hash).toBe(languageModel.hash);
    expect([again.tokenizer.start, again.tokenizer.end]).toEqual([
      languageModel.tokenizer.start,
      languageModel.tokenizer.end,
    ]);
  });

  test('may be in shards, without the beginning of the names, and with what every reader computes', async () => {
    const whole = await loadLanguageModel(folder.dir);
    const short = Object.entries(await weights()).map(([name, value]) => [name.replace(/^model\./, ''), value]);
    const extra = { 'layers.0.self_attn.rotary_emb.inv_freq': float32([1]) };
    await writeSafetensors(join(folder.dir, 'model.safetensors'), { ...Object.fromEntries(short), ...extra });
    await shard();
    expect((await loadLanguageModel(folder.dir)).hash).toBe(whole.hash);
  });

  test('in half precision is read as float32', async () => {
    const { tensors } = await readSafetensors(join(folder.dir, 'model.safetensors'));
    const norm = tensors['model.norm.weight']!.data;
    const header: Record<string, unknown> = {};
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const [name, { shape, data }] of Object.entries(tensors)) {
      // bfloat16 by cutting: the upper half of each float32.
      const bits = new Uint32Array((data as Float32Array).buffer);
      const bytes = new Uint8Array(Uint16Array.from(bits, (word) => word >>> 16).buffer);
      header[name] = { dtype: 'BF16', shape, data_offsets: [at, at + bytes.length] };
      parts.push(bytes);
      at += bytes.length;
    }
    const text = Buffer.from(JSON.stringify(header));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(text.length));
    await writeFile(join(folder.dir, 'model.safetensors'), Buffer.concat([size, text, ...parts]));
    const read = (await loadLanguageModel(folder.dir)).params['model.norm.weight']!;
    expect(read.dtype).toBe('float32');
    read.data.forEach((value, i) => void expect(Math.abs(value - norm[i]!)).toBeLessThan(0.008 * Math.abs(norm[i]!)));
  });

  test('without the word on ties is tied when it has no output layer', async () => {
    await edit('config.json', (config) => delete config.tie_word_embeddings);
    expect((await loadLanguageModel(folder.dir)).params).toHaveProperty('lm_head.weight');
    const { 'lm_head.weight': _, ...rest } = await weights();
    await writeSafetensors(join(folder.dir, 'model.safetensors'), rest);
    expect((await loadLanguageModel(folder.dir)).params).not.toHaveProperty('lm_head.weight');
  });

  test.each(['llama', 'gpt2', 'gemma2'])('of %s that is said to be tied may have an output layer', async (name) => {
    folder.dir = await folderOf(name);
    await edit('config.json', (config) => Object.assign(config, { tie_word_embeddings: true }));
    const { 'lm_head.weight': _, ...rest } = await weights();
    const words = rest['model.embed_tokens.weight'] ?? rest['transformer.wte.weight']!;
    // The word vectors once more.
    await writeSafetensors(join(folder.dir, 'model.safetensors'), { ...rest, 'lm_head.weight': words });
    expect((await loadLanguageModel(folder.dir)).params).not.toHaveProperty('lm_head.weight');
    const own = { ...words, data: Float32Array.from(words.data).fill(0.5, -1) };
    await writeSafetensors(join(folder.dir, 'model.safetensors'), { ...rest, 'lm_head.weight': own });
    const languageModel = await loadLanguageModel(folder.dir);
    expect(languageModel.params['lm_head.weight']!.data).toEqual(own.data);
    // Elsewhere the flag goes first: it must say what the weights are.
    await saveLanguageModel(languageModel, join(folder.dir, 'copy'));
    const saved = JSON.parse(await readFile(join(folder.dir, 'copy', 'config.json'), 'utf8'));
    expect(saved.tie_word_embeddings).toBe(false);
    expect((await loadLanguageModel(join(folder.dir, 'copy'))).hash).toBe(languageModel.hash);
  });

  test('says with which tokens texts begin and end', async () => {
    expect((await loadLanguageModel(folder.dir)).tokenizer).toMatchObject({ start: 1, end: 2 });
    await edit('config.json', (config) => Object.assign(config, { bos_token_id: null, eos_token_id: [5, 2] }));
    expect((await loadLanguageModel(folder.dir)).tokenizer).toMatchObject({ start: 5, end: 5 });
    const described = { bos_token: { content: '<s>' }, eos_token: '</s>' };
    await writeFile(join(folder.dir, 'tokenizer_config.json'), JSON.stringify(described));
    expect((await loadLanguageModel(folder.dir)).tokenizer).toMatchObject({ start: 1, end: 2 });
  });
});
