import { fileURLToPath } from 'node:url';
import {
  embedding,
  pick,
  readSafetensors,
  softmaxCrossEntropy,
  specsOf,
  type Tensors,
  valueAndGrad,
} from '@lea/tensor';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { causalMask, type DecoderConfig, decode } from './decoder.ts';
import { ready } from './runtime.ts';

const folder = process.env.GOLDEN_DIR
  ? `${process.env.GOLDEN_DIR}/decoders/llama`
  : fileURLToPath(new URL('./fixtures/decoders/llama', import.meta.url));

const config: DecoderConfig = {
  width: 32,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  mlp: 64,
  normEps: 1e-5,
  ropeTheta: 10000,
};
const [B, T] = [3, 12];
const { tensors: golden } = await readSafetensors(`${folder}/golden.safetensors`);
const { tensors: model } = await readSafetensors(`${folder}/model.safetensors`);

/** Our adapter names from the fixture's. */
const adapters = Object.fromEntries(
  ['A', 'B'].flatMap((side) =>
    Object.entries(pick(`lora.${side}.`, golden)).map(([module, value]) => [`${module}.lora_${side}.weight`, value]),
  ),
);

function run(p: Tensors, ids: tf.Tensor, weights: tf.Tensor, lora?: Tensors) {
  const keep = tf.reshape(tf.mul(tf.sub(1, weights), -1e9), [B, 1, 1, T]);
  const mask = tf.minimum(tf.tile(keep, [1, 1, T, 1]), causalMask(T));
  const inputs = embedding(p['model.embed_tokens.weight']!, ids);
  const hidden = decode(p, config, inputs, {
    mask,
    ...(lora ? { adapters: { weights: lora, scale: 8 / 4 } } : {}),
  });
  const head = p['lm_head.weight']!;
  const next = tf.reshape(tf.concat([tf.slice(ids, [0, 1]), tf.slice(ids, [0, 0], [B, 1])], 1), [B * T, 1]);
  const w = tf.reshape(tf.concat([tf.slice(weights, [0, 1]), tf.zeros([B, 1])], 1), [B * T, 1]);
  const flat = tf.reshape(hidden, [B * T, 32]);
  const loss = tf.div(tf.sum(softmaxCrossEntropy(flat, head, next, w)), tf.sum(w));
  return { loss: loss as tf.Scalar, aux: { hidden, logits: tf.matMul(flat, head, false, true) } };
}

describe.each([undefined, 'cpu'])('Hugging Face Llama (backend %s)', (backend) => {
  test('hidden states, logits, loss, gradients; with and without LoRA', async () => {
    const inputs = { ids: golden.input_ids!, mask: golden.attention_mask! };
    const frozen = { ...model, ...adapters };
    const runner = await ready(
      ({ inputs: { ids, mask }, frozen: all }) => {
        const weights = tf.cast(mask!, 'float32');
        const isLora = (name: string): boolean => name.includes('lora_');
        const plain = Object.fromEntries(Object.entries(all).filter(([name]) => !isLora(name)));
        const lora = Object.fromEntries(Object.entries(all).filter(([name]) => isLora(name)));
        const base = valueAndGrad((p) => run(p, ids!, weights), plain);
        const low = valueAndGrad((p) => run(plain, ids!, weights, p), lora);
        const outputs: Tensors = {
          loss: base.loss,
          ...base.aux,
          'lora.loss': low.loss,
          'lora.logits': low.aux.logits!,
        };
        for (const [name, grad] of Object.entries({ ...base.grads, ...low.grads })) outputs[`grad.${name}`] = grad;
        return { state: {}, outputs };
      },
      { inputs: specsOf(inputs), frozen: specsOf(frozen) },
      { threads: 1, backend },
      'direct',
    );
    const { outputs } = await runner.run({ inputs, frozen });
    await runner.dispose();

    const real = golden.attention_mask!.data;
    const near = (ours: string, theirs: string, tolerance: { rtol: number; atol: number }, perRow?: number): void => {
      const [a, b] = [outputs[ours]!.data, golden[theirs]!.data];
      expect(a.length).toBe(b.length);
      for (let i = 0; i < a.length; i++) {
        if (perRow && !real[Math.floor(i / perRow)]) continue;
        const allowed = tolerance.atol + tolerance.rtol * Math.abs(b[i]!);
        expect(Math.abs(a[i]! - b[i]!), `${ours}[${i}]`).toBeLessThanOrEqual(allowed);
      }
    };
    const forward = { rtol: 1e-4, atol: 2e-5 };
    const gradient = { rtol: 1e-4, atol: 5e-6 };
    near('hidden', 'hidden_states.2', forward, 32);
    near('logits', 'logits', forward, 96);
    near('loss', 'loss', forward);
    near('lora.logits', 'lora.logits', forward, 96);
    near('lora.loss', 'lora.loss', forward);
    for (const name of Object.keys(model)) near(`grad.${name}`, `grad.${name}`, gradient);
    for (const name of Object.keys(adapters)) {
      const [, module, side] = /^(.*)\.lora_(.)\.weight$/.exec(name)!;
      near(`grad.${name}`, `lora.grad.${side}.${module}`, gradient);
    }
  });
});
