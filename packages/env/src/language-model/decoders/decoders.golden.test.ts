import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pick, readSafetensors, specsOf, type Tensors, type Values, valueAndGrad } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { goldenDecoders, goldenModels } from '../../fixtures/golden-decoders.ts';
import { ready } from '../../shared/runtime.ts';
import { wordLogits, wordLoss } from '../language-model.ts';
import type { DecoderConfig } from './config.ts';
import { ConfigFile } from './config-file.ts';
import { embedWords, hiddenStates } from './decode.ts';
import { checkpointConfig } from './families.ts';
import { loraOf } from './lora.ts';
import { causalMask } from './masks.ts';
import { decoderSpecs, modulesOf, wordsOf } from './modules.ts';

/** A real checkpoint, whose fixture comes without its weights; LEA_STORIES names their folder. */
const stories = process.env.LEA_STORIES;
const cases = goldenModels.filter((name) => name !== 'stories260K' || stories);
const FORWARD = { rtol: 1e-4, atol: 2e-5 };
const GRADIENT = { rtol: 1e-4, atol: 5e-6 };

const weightsOf = (name: string): string => (name === 'stories260K' ? stories! : `${goldenDecoders}/${name}`);

async function configOf(name: string, file: string) {
  const path = `${weightsOf(name)}/${file}`;
  return checkpointConfig(new ConfigFile(path, JSON.parse(await readFile(path, 'utf8'))));
}

/** What the fixture says of itself. */
interface Info {
  readonly lora_r: number;
  readonly lora_alpha: number;
  /** Weights whose gradients are there, where they are not all. */
  readonly named_weights: readonly string[];
}

async function goldenOf(name: string): Promise<{ golden: Values; info: Info }> {
  const { tensors, metadata } = await readSafetensors(`${goldenDecoders}/${name}/golden.safetensors`);
  return { golden: tensors, info: JSON.parse(metadata.info!) as Info };
}

/** All outputs by the fixture's names. */
function program(config: DecoderConfig, scale: number, all: Tensors, ids: tf.Tensor, real: tf.Tensor): Tensors {
  const weights = tf.cast(real, 'float32');
  const [B, T] = ids.shape as [number, number];
  const H = config.width;
  const hidden = tf.reshape(tf.mul(tf.sub(1, weights), -1e9), [B, 1, 1, T]);
  const mask = tf.minimum(tf.tile(hidden, [1, 1, T, 1]), causalMask(T));
  const next = tf.reshape(tf.concat([tf.slice(ids, [0, 1]), tf.slice(ids, [0, 0], [B, 1])], 1), [B * T, 1]);
  const w = tf.reshape(tf.concat([tf.slice(weights, [0, 1]), tf.zeros([B, 1])], 1), [B * T, 1]);
  const run = (p: Tensors, adapters?: Tensors, offset?: tf.Tensor) => {
    const words = embedWords(p, config, ids);
    const inputs = offset ? tf.add(words, offset) : words;
    const states = hiddenStates(p, config, inputs, {
      mask,
      ...(adapters ? { adapters: { weights: adapters, scale } } : {}),
    });
    const flat = tf.reshape(states.at(-1)!, [B * T, H]);
    const loss = tf.div(tf.sum(wordLoss(p, config, flat, next, w)), tf.sum(w));
    const named = Object.fromEntries(states.map((state, i) => [`hidden_states.${i}`, state]));
    return { loss: loss as tf.Scalar, aux: { ...named, logits: wordLogits(p, config, flat) } };
  };
  const plain = Object.fromEntries(Object.entries(all).filter(([name]) => !name.includes('lora_')));
  const lora = Object.fromEntries(Object.entries(all).filter(([name]) => name.includes('lora_')));
  const base = valueAndGrad(({ offset, ...p }) => run(p, undefined, offset), { ...plain, offset: tf.zeros([B, T, H]) });
  const low = valueAndGrad((p) => run(plain, p), lora);
  const { offset, ...grads } = base.grads;
  const outputs: Tensors = { loss: base.loss, ...base.aux, 'grad.inputs_embeds': offset! };
  outputs['lora.loss'] = low.loss;
  outputs['lora.logits'] = low.aux.logits!;
  for (const [name, gradient] of Object.entries(grads)) outputs[`grad.${name}`] = gradient;
  for (const [name, gradient] of Object.entries(low.grads)) {
    const [, module, side] = /^(.*)\.lora_(.)\.weight$/.exec(name)!;
    outputs[`lora.grad.${side}.${module}`] = gradient;
  }
  return outputs;
}

test('there are fixtures', () => {
  expect(goldenModels, `no fixtures in ${goldenDecoders}`).not.toHaveLength(0);
});

describe.each(cases)('%s', (name) => {
  test('both spellings of config.json say the same; the weights are those it describes', async () => {
    const now = await configOf(name, 'config.json');
    const older = existsSync(`${weightsOf(name)}/config.v4.json`);
    if (older) expect(await configOf(name, 'config.v4.json')).toEqual(now);
    const { tensors } = await readSafetensors(`${weightsOf(name)}/model.safetensors`);
    const { 'lm_head.weight': head, ...rest } = tensors;
    expect(head === undefined).toBe(now.tied);
    expect(specsOf(rest)).toMatchObject(decoderSpecs(now.decoder));
    expect(now.vocabSize).toBe(tensors[wordsOf(now.decoder)]!.shape[0]);
  });

  test.each([undefined, 'cpu'])('equals Hugging Face, with and without LoRA (backend %s)', async (backend) => {
    const { decoder } = await configOf(name, 'config.json');
    const { golden, info } = await goldenOf(name);
    const scale = info.lora_alpha / info.lora_r;
    const { tensors: model } = await readSafetensors(`${weightsOf(name)}/model.safetensors`);
    const adapters: Values = {};
    for (const side of ['A', 'B']) {
      for (const [module, value] of Object.entries(pick(`lora.${side}.`, golden))) {
        adapters[`${module}.lora_${side}.weight`] = value;
      }
    }
    const inputs = { ids: golden.input_ids!, mask: golden.attention_mask! };
    const frozen = { ...model, ...adapters };
    const runner = await ready(
      ({ inputs: { ids, mask }, frozen: all }) => ({ state: {}, outputs: program(decoder, scale, all, ids!, mask!) }),
      { inputs: specsOf(inputs), frozen: specsOf(frozen) },
      { threads: 1, backend },
      'direct',
    );
    const { outputs } = await runner.run({ inputs, frozen });
    await runner.dispose();

    const compared = Object.keys(golden).filter((key) => !/^(input_ids|attention_mask|lora\.[AB]\..*)$/.test(key));
    // Every number of the fixture is compared; it has the gradient of each weight, or of those that it names.
    const { inputs_embeds, ...gradients } = pick('grad.', golden);
    const sorted = (names: readonly string[]): string[] => [...names].sort();
    expect([sorted(Object.keys(model)), sorted(info.named_weights)]).toContainEqual(sorted(Object.keys(gradients)));
    const others = 5 + decoder.layers + 1 + Object.keys(adapters).length;
    expect(compared.length).toBe(others + Object.keys(gradients).length);
    const real = golden.attention_mask!.data;
    for (const key of compared) {
      const isGradient = key.includes('grad.');
      const { rtol, atol } = isGradient ? GRADIENT : FORWARD;
      const width = isGradient || golden[key]!.data.length === 1 ? 0 : golden[key]!.shape[2]!;
      const [ours, theirs] = [outputs[key]!.data, golden[key]!.data];
      expect(ours.length, key).toBe(theirs.length);
      const wrong = Array.from(theirs).findIndex((value, i) => {
        if (width && !real[Math.floor(i / width)]) return false;
        return !(Math.abs(ours[i]! - value) <= atol + rtol * Math.abs(value));
      });
      expect(wrong < 0 ? 'equal' : `${key}[${wrong}]: ${ours[wrong]} for ${theirs[wrong]}`).toBe('equal');
    }
  });

  test('the adapters of the fixture are those that LoRA makes by default', async () => {
    const { decoder } = await configOf(name, 'config.json');
    const { golden } = await goldenOf(name);
    const { targets } = loraOf(decoder, {});
    const made = modulesOf(decoder)
      .map((module) => module.name)
      .filter((module) => targets.some((t) => module.endsWith(`.${t}`) || module.endsWith(`.${t}_proj`)));
    expect(made.sort()).toEqual(Object.keys(pick('lora.A.', golden)).sort());
  });
});
