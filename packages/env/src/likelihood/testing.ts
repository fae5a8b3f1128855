import { int32, specsOf } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { decode, embedWords } from '../language-model/decoders/decode.ts';
import { causalMask } from '../language-model/decoders/masks.ts';
import { type LanguageModel, wordLogits } from '../language-model/language-model.ts';
import { ready } from '../shared/runtime.ts';

/** Log likelihood of the last `count` tokens of a text, which is read in one pass, by its logits. */
export async function likelihoodByHand(model: LanguageModel, text: string, count: number): Promise<number> {
  const { config, tokenizer, params } = model;
  const ids = [tokenizer.start, ...tokenizer.encode(text)];
  const T = ids.length;
  const inputs = { ids: int32(ids, [1, T]) };
  const runner = await ready(
    ({ inputs: { ids }, frozen }) => {
      const states = decode(frozen, config, embedWords(frozen, config, ids!), { mask: causalMask(T) });
      return { state: {}, outputs: { logits: wordLogits(frozen, config, tf.reshape(states, [T, config.width])) } };
    },
    { inputs: specsOf(inputs), frozen: specsOf(params) },
    { threads: 1, backend: 'cpu' },
    'direct',
  );
  const { data, shape } = (await runner.run({ inputs, frozen: params })).outputs.logits!;
  await runner.dispose();
  const words = shape[1]!;
  let sum = 0;
  for (let t = T - count; t < T; t++) {
    const row = Array.from(data.subarray((t - 1) * words, t * words));
    sum += row[ids[t]!]! - Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0));
  }
  return sum;
}
