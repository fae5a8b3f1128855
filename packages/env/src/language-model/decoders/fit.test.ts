import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { windowsOf } from '@lea/data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fitEnvironment } from '../../fit/fit-environment.ts';
import { learnItemTokens } from '../../items/item-tokens.ts';
import { letterTokenizer, rowsOf } from '../../testing.ts';
import type { LanguageModel } from '../language-model.ts';
import { loadLanguageModel } from '../load-language-model.ts';
import { type LoraOptions, loraOf } from './lora.ts';

const MODELS = ['llama', 'gpt2', 'mistral', 'qwen2-tied', 'qwen3', 'phi3', 'smollm3', 'gemma2', 'gemma3'] as const;
const texts = ['red bolt', 'blue bolt', 'green wire', 'black glove', 'long copper tube'];
const models = new Map<string, LanguageModel>();

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lea-fit-'));
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(letterTokenizer()));
  for (const name of MODELS) {
    for (const file of ['config.json', 'model.safetensors']) {
      await copyFile(
        fileURLToPath(new URL(`../../fixtures/decoders/${name}/${file}`, import.meta.url)),
        join(dir, file),
      );
    }
    models.set(name, await loadLanguageModel(dir, { context: 12 }));
  }
});
afterAll(() => rm(dir, { recursive: true }));

const train = rowsOf(
  Array.from({ length: 8 }, (_, u) => Array.from({ length: 6 }, (_, t) => (u + 2 * t) % texts.length)),
  texts.length,
);

describe.each(MODELS)('an environment of %s', (name) => {
  test('item tokens are learned, LoRA is fitted, the model stays as it is', async () => {
    const languageModel = models.get(name)!;
    const { vectors, perplexity } = await learnItemTokens(languageModel, texts, {
      steps: 15,
      lr: 0.3,
      tolerance: 0,
      anchorWeight: 0,
    });
    expect(perplexity.own).toBeLessThan(perplexity.none);
    const fit = (adaptation: Partial<LoraOptions>, lr: number) =>
      fitEnvironment({
        train,
        tokens: vectors,
        languageModel,
        adaptation,
        window: 5,
        epochs: 1,
        batch: 24,
        lr,
        dropout: 0,
      });
    // Steps too small to be seen.
    const fresh = await fit({ rank: 2 }, 1e-30);
    const env = await fit({ rank: 2 }, 0.01);
    const moved = Object.keys(env.params).filter((key) => {
      const [a, b] = [env.params[key]!.data, fresh.params[key]!.data];
      return a.some((value, i) => value !== b[i]);
    });
    const adapters = Object.keys(env.params).filter((key) => key.includes('.lora_'));
    expect(adapters.length).toBe((name === 'gpt2' || name === 'phi3' ? 1 : 2) * 2 * 2);
    expect(moved).toEqual(expect.arrayContaining(adapters));
    for (const [key, { data }] of Object.entries(languageModel.params)) {
      if (key in env.params) expect(env.params[key]!.data).toEqual(data);
    }

    // A history's state does not depend on the others in its batch.
    const windows = windowsOf([[1, 2, 3], [], [4]], 5, texts.length);
    const states = await env.states(windows);
    const last = await env.states(windowsOf([[4]], 5, texts.length));
    last.forEach((value, i) => void expect(value).toBeCloseTo(states[2 * env.stateSize + i]!, 4));
    expect((await env.rewards(windows, Int32Array.of(0, 1, 2))).every(Number.isFinite)).toBe(true);
    await fresh.dispose();
    await env.dispose();
  });
});

describe('LoRA options', () => {
  const gpt2 = () => models.get('gpt2')!.config;
  const llama = () => models.get('llama')!.config;

  test('targets go by the names of the family', () => {
    expect(loraOf(gpt2(), {})).toEqual({ rank: 8, alpha: 16, targets: ['c_attn'] });
    expect(loraOf(llama(), {})).toEqual({ rank: 8, alpha: 16, targets: ['q', 'v'] });
    expect(loraOf(models.get('phi3')!.config, {}).targets).toEqual(['qkv_proj']);
    expect(loraOf(llama(), { targets: ['q_proj', 'down'] }).targets).toEqual(['q_proj', 'down']);
  });

  test('what does not fit is named, with what there is', () => {
    expect(() => loraOf(gpt2(), { targets: ['q', 'v'] })).toThrow(
      /"q".*Available LoRA targets: c_attn, c_proj, c_fc\./,
    );
    expect(() => loraOf(llama(), { targets: ['c_attn'] })).toThrow(
      /Available LoRA targets: q, k, v, o, gate, up, down\./,
    );
    expect(() => loraOf(llama(), { targets: [] })).toThrow('at least one target');
    expect(() => loraOf(llama(), { rank: 0 })).toThrow('1 to 16');
    expect(() => loraOf(llama(), { rank: 17 })).toThrow('1 to 16');
    expect(() => loraOf(llama(), { rank: 2.5 })).toThrow('whole number');
    expect(() => loraOf(llama(), { alpha: Number.NaN })).toThrow('alpha');
    expect(() => loraOf(llama(), { rnak: 2 } as object)).toThrow('"rank"');
  });

  test('a window beyond the learned positions is refused', async () => {
    const languageModel = models.get('gpt2')!;
    await expect(fitEnvironment({ train, languageModel, window: 64 })).rejects.toThrow('at most 63');
  });
});
