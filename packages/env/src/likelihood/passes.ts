import { float32, int32, type Program, type Specs, type Tensors, type Values, zeros } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { type CompiledPrograms, compiledPrograms } from '../inference/compiled-programs.ts';
import { pastByName, pastLayers, pastSpecs } from '../inference/past.ts';
import type { DecoderConfig } from '../language-model/decoders/config.ts';
import { embedWords, readPositions } from '../language-model/decoders/decode.ts';
import { HEAD } from '../language-model/decoders/modules.ts';
import { type LanguageModel, wordLoss } from '../language-model/language-model.ts';
import type { Runtime } from '../shared/runtime.ts';

/** Most tokens per pass, which bounds the logits in memory: [tokens, vocabulary] in float32. */
const MOST = 256;
/** Tokens per pass are rounded up to a multiple of `tokens`, and those before it to one of `past`, to compile few programs. */
const STRIDE = { tokens: 16, past: 128 };

/** Tokens that were read: their keys and values by name, [1, kvHeads, capacity, headSize]. */
export interface ReadTokens {
  readonly past: Values;
  readonly count: number;
}

/** Passes of a language model over tokens after tokens that were read before. */
export interface LikelihoodPasses {
  /** Reads tokens after others. */
  read(ids: readonly number[], after?: ReadTokens): Promise<ReadTokens>;
  /**
   * Log likelihoods of continuations, all of the same text: that before `last`, the text's last token. Together they must not
   * have more than `most` tokens.
   *
   * @returns sums over the tokens of each continuation
   */
  continue(after: ReadTokens, last: number, continuations: readonly (readonly number[])[]): Promise<number[]>;
  /** Most tokens of the continuations in one pass. */
  readonly most: number;
  dispose(): Promise<void>;
}

/** @param longest most tokens of a continuation */
export function likelihoodPasses(
  { config, params }: LanguageModel,
  runtime: Runtime,
  longest: number,
): LikelihoodPasses {
  const most = Math.max(MOST, longest);
  const programs: CompiledPrograms = compiledPrograms(runtime, {
    what: 'The reward model',
    hint: 'Make another one with likelihoodRewards.',
  });
  const { [HEAD]: _, ...withoutHead } = params;
  const none: ReadTokens = { past: zerosOf(pastSpecs(config, 1, STRIDE.past)), count: 0 };
  return {
    most,
    async read(ids, after = none) {
      let { past, count } = grown(config, after, ids.length);
      for (let at = 0; at < ids.length; at += MOST) {
        const some = ids.slice(at, at + MOST);
        const inputs = inputsOf([some], { past, count });
        const name = `read ${sizesOf(inputs)}`;
        append(past, await programs.run(name, readProgram(config), inputs, withoutHead), count, some.length);
        count += some.length;
      }
      return { past, count };
    },
    async continue(after, last, continuations) {
      // The last token of the text predicts the first token of each, so each branch begins with it.
      const inputs = inputsOf(
        continuations.map((ids) => [last, ...ids.slice(0, -1)]),
        after,
      );
      const N = inputs.ids!.shape[1]!;
      const next = new Int32Array(N);
      next.set(continuations.flat());
      const name = `continue ${sizesOf(inputs)}`;
      const all = { ...inputs, next: int32(next, [N, 1]) };
      const { loss } = await programs.run(name, continueProgram(config), all, params);
      let begin = 0;
      return continuations.map(({ length }) => {
        const losses = (loss!.data as Float32Array).subarray(begin, begin + length);
        begin += length;
        return -losses.reduce((sum, value) => sum + value, 0);
      });
    },
    dispose: programs.dispose,
  };
}

/**
 * Inputs of a pass over branches that all follow the same tokens. A token attends to these and to its own branch.
 * `ids` and `positions` [1, N], `mask` [1, 1, N, P + N], `pastPositions` [1, P], and keys and values with P positions.
 */
function inputsOf(branches: readonly (readonly number[])[], { past, count }: ReadTokens): Values {
  const tokens = branches.reduce((sum, { length }) => sum + length, 0);
  const N = rounded(tokens, STRIDE.tokens);
  const P = capacityOf(past);
  const ids = new Int32Array(N);
  const positions = new Int32Array(N);
  const mask = new Float32Array(N * (P + N)).fill(-1e9);
  const see = (from: number, first: number, end: number): unknown =>
    mask.fill(0, from * (P + N) + first, from * (P + N) + end);
  let begin = 0;
  for (const branch of branches) {
    branch.forEach((id, i) => {
      ids[begin + i] = id;
      positions[begin + i] = count + i;
      see(begin + i, 0, count);
      see(begin + i, P + begin, P + begin + i + 1);
    });
    begin += branch.length;
  }
  // Padding sees itself, because a softmax over nothing has no value.
  for (let i = begin; i < N; i++) see(i, P + i, P + i + 1);
  return {
    ids: int32(ids, [1, N]),
    positions: int32(positions, [1, N]),
    mask: float32(mask, [1, 1, N, P + N]),
    pastPositions: int32(
      Int32Array.from({ length: P }, (_, i) => i),
      [1, P],
    ),
    ...past,
  };
}

function readProgram(config: DecoderConfig): Program {
  return ({ inputs, frozen }) => ({ state: {}, outputs: pastByName(pass(config, inputs, frozen).layers) });
}

/** -log p of the tokens `next` [N, 1], `loss` [N]. */
function continueProgram(config: DecoderConfig): Program {
  return ({ inputs, frozen }) => {
    const states = pass(config, inputs, frozen).states.at(-1)!;
    const N = states.shape[1]!;
    const h = tf.reshape(states, [N, config.width]);
    return { state: {}, outputs: { loss: wordLoss(frozen, config, h, inputs.next!, tf.ones([N, 1])) } };
  };
}

function pass(config: DecoderConfig, inputs: Tensors, frozen: Tensors) {
  const { ids, positions, mask, pastPositions } = inputs as Record<string, tf.Tensor>;
  return readPositions(frozen, config, embedWords(frozen, config, ids!), {
    mask: mask!,
    positions: positions!,
    past: { layers: pastLayers(config, inputs), positions: pastPositions! },
  });
}

/** A copy with room for more tokens. */
function grown(config: DecoderConfig, { past, count }: ReadTokens, more: number): { past: Values; count: number } {
  const capacity = rounded(count + more, STRIDE.past);
  const room = zerosOf(pastSpecs(config, 1, capacity));
  append(room, past, 0, count);
  return { past: room, count };
}

/** Copies the first `count` positions of `from` to the positions of `to` from `at` on. */
function append(to: Values, from: Values, at: number, count: number): void {
  for (const [name, { data, shape }] of Object.entries(to)) {
    const [, heads, P, size] = shape as [number, number, number, number];
    const given = from[name]!;
    const Q = given.shape[2]!;
    for (let head = 0; head < heads; head++) {
      const begin = head * Q * size;
      data.set(given.data.subarray(begin, begin + count * size), (head * P + at) * size);
    }
  }
}

function zerosOf(specs: Specs): Values {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, zeros(spec)]));
}

function capacityOf(past: Values): number {
  return Object.values(past)[0]!.shape[2]!;
}

function sizesOf(inputs: Values): string {
  return `${inputs.ids!.shape[1]} after ${inputs.pastPositions!.shape[1]}`;
}

function rounded(count: number, stride: number): number {
  return Math.max(1, Math.ceil(count / stride)) * stride;
}
