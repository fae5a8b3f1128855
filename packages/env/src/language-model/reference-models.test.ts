import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { int32, specsOf } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ready } from '../shared/runtime.ts';
import { decode, embedWords } from './decoders/decode.ts';
import { causalMask } from './decoders/masks.ts';
import { wordLogits } from './language-model.ts';
import { loadLanguageModel } from './load-language-model.ts';

/** What Hugging Face computes of a text. */
interface Reference {
  readonly ids: readonly number[];
  /** [ids, width] */
  readonly hidden: readonly number[];
  /** [ids, words] */
  readonly logits: readonly number[];
}

test.each(['tied-flag-own-head-llama', 'mistral-layer-types'])(
  '%s: hidden states and logits are those of Hugging Face',
  async (name) => {
    const dir = fileURLToPath(new URL(`../fixtures/models/${name}`, import.meta.url));
    const reference = JSON.parse(await readFile(`${dir}/reference.json`, 'utf8')) as Reference;
    const { config, params } = await loadLanguageModel(dir);
    const T = reference.ids.length;
    const inputs = { ids: int32(Int32Array.from(reference.ids), [1, T]) };
    const runner = await ready(
      ({ inputs: { ids }, frozen }) => {
        const states = decode(frozen, config, embedWords(frozen, config, ids!), { mask: causalMask(T) });
        const hidden = tf.reshape(states, [T, config.width]);
        return { state: {}, outputs: { hidden, logits: wordLogits(frozen, config, hidden) } };
      },
      { inputs: specsOf(inputs), frozen: specsOf(params) },
      { threads: 1, backend: undefined },
      'direct',
    );
    const { outputs } = await runner.run({ inputs, frozen: params });
    await runner.dispose();
    for (const what of ['hidden', 'logits'] as const) {
      const ours = outputs[what]!.data;
      expect(ours).toHaveLength(reference[what].length);
      const worst = Math.max(...reference[what].map((value, i) => Math.abs(ours[i]! - value)));
      expect(worst).toBeLessThan(2e-5);
    }
  },
);
