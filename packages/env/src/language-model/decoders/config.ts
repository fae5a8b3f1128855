import { LeaError } from '@lea/core';

/**
 * The shape of a decoder-only language model. What is left out is as in Llama: RMS norms, rotary positions, a gated
 * layer with SiLU, no biases, every position seen.
 */
export interface DecoderConfig {
  /** Size of hidden states and word vectors. */
  readonly width: number;
  readonly layers: number;
  /** Attention heads. */
  readonly heads: number;
  /** Heads of keys and values, shared by `heads / kvHeads` query heads each (grouped-query attention). */
  readonly kvHeads: number;
  /** Size of the hidden layer between attentions. */
  readonly mlpWidth: number;
  /** Added to the variance in every norm. */
  readonly normEps: number;
  /** Names and layout of the weights (default `llama`): see `modules.ts`. */
  readonly layout?: DecoderLayout | undefined;
  /** Size of each head (default width / heads). */
  readonly headSize?: number | undefined;
  /** Base of the rotary frequencies (default 10000). Higher: slower rotation, longer reach. */
  readonly ropeTheta?: number | undefined;
  /** How rotary frequencies were stretched for longer texts (default: not at all). */
  readonly ropeScaling?: RopeScaling | undefined;
  /** Share of each head that is rotated, from its front (default 1). */
  readonly rotaryShare?: number | undefined;
  /** Which layers rotate (default: all). */
  readonly ropeLayers?: readonly boolean[] | undefined;
  /** Base in the layers with a window, unscaled (default: as in the others). */
  readonly windowRopeTheta?: number | undefined;
  /** Learned position vectors, this many, in place of rotary positions (default: none). */
  readonly maxPositions?: number | undefined;
  /** A position sees itself and this many less one before it (default: all before it). */
  readonly window?: number | undefined;
  /** Which layers have the window (default: all, when there is one). */
  readonly windowLayers?: readonly boolean[] | undefined;
  /** `rms` (default), `rms+1` (the stored gain is one less than what multiplies), or `layer` (with mean and bias). */
  readonly norm?: 'rms' | 'rms+1' | 'layer' | undefined;
  /** Of the hidden layer (default `silu`); `gelu` is exact, `gelu-tanh` its approximation. */
  readonly activation?: 'silu' | 'gelu' | 'gelu-tanh' | 'relu' | undefined;
  /** Which projections have biases (default: none). */
  readonly biases?: { readonly qkv?: boolean; readonly output?: boolean; readonly mlp?: boolean } | undefined;
  /** Whether every head of queries and keys is normed before its rotation (default no). */
  readonly qkNorms?: boolean | undefined;
  /** Whether what attention and the hidden layer add is normed too (default no). */
  readonly postNorms?: boolean | undefined;
  /** Factor of the attention scores (default 1 / sqrt(headSize)). */
  readonly attentionScale?: number | undefined;
  /** Scores are kept within ± this, smoothly: c tanh(score / c) (default: not). */
  readonly attentionSoftcap?: number | undefined;
  /** Output logits are kept within ± this, smoothly (default: not). */
  readonly logitSoftcap?: number | undefined;
  /** Factor of the word vectors that enter (default 1). */
  readonly embeddingScale?: number | undefined;
}

/** How the weights are named and laid out. */
export type DecoderLayout = 'llama' | 'phi3' | 'gpt2';

/** `linear`: all frequencies divided by `factor`. `llama3`: only those too slow for the original length, with a blend. */
export type RopeScaling =
  | { readonly type: 'linear'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      /** Wave lengths above `length / low` are divided, below `length / high` kept. */
      readonly low: number;
      readonly high: number;
      /** Positions of the texts that the model was trained on first. */
      readonly length: number;
    };

/** Size of each attention head. */
export function headSizeOf({ headSize, width, heads }: DecoderConfig): number {
  return headSize ?? width / heads;
}

/** Elements of each head that are rotated. */
export function rotatedOf(config: DecoderConfig): number {
  return Math.floor(headSizeOf(config) * (config.rotaryShare ?? 1));
}

/** @throws LeaError `E_OPTION_VALUE` when sizes are no counts or do not divide */
export function checkDecoder(config: DecoderConfig): void {
  const { width, layers, heads, kvHeads, mlpWidth } = config;
  for (const [name, value] of Object.entries({ width, layers, heads, kvHeads, mlpWidth })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new LeaError('E_OPTION_VALUE', `${name} must be a whole number above 0.`, { value });
    }
  }
  const size = headSizeOf(config);
  if (config.headSize === undefined && (!Number.isInteger(size) || size % 2 !== 0)) {
    throw new LeaError('E_OPTION_VALUE', 'width / heads must be an even number.', { value: [width, heads] });
  }
  const rotated = rotatedOf(config);
  if (!config.maxPositions && (rotated < 2 || rotated > size || rotated % 2 !== 0)) {
    throw new LeaError('E_OPTION_VALUE', 'The rotated part of a head must be an even number of its elements.', {
      value: [size, config.rotaryShare],
    });
  }
  if (!Number.isInteger(heads / kvHeads)) {
    throw new LeaError('E_OPTION_VALUE', 'heads must be a multiple of kvHeads.', { value: [heads, kvHeads] });
  }
  for (const name of ['ropeLayers', 'windowLayers'] as const) {
    if (config[name] && config[name].length !== layers) {
      throw new LeaError('E_OPTION_VALUE', `${name} must say it for each of the ${layers} layers.`, {
        value: config[name],
      });
    }
  }
}
