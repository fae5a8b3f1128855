import { LeaError } from '@lea/core';

/**
 * The architecture of a decoder-only language model. The defaults are those of Llama: RMS norms, rotary positions, a gated
 * MLP with SiLU, no biases, full causal attention.
 */
export interface DecoderConfig {
  /** Dimension of hidden states and word vectors. */
  readonly width: number;
  /** Number of decoder layers. */
  readonly layers: number;
  /** Number of attention (query) heads. */
  readonly heads: number;
  /** Number of key and value heads, each shared by `heads / kvHeads` query heads (grouped-query attention). */
  readonly kvHeads: number;
  /** Size of the hidden layer of the MLP. */
  readonly mlpWidth: number;
  /** Added to the variance in all norms. */
  readonly normEps: number;
  /** Names and layout of the weights (default `llama`). */
  readonly layout?: DecoderLayout | undefined;
  /** Dimension of each head (default width / heads). */
  readonly headSize?: number | undefined;
  /** Base of the rotary frequencies (default 10000). Higher: slower rotation, longer range. */
  readonly ropeTheta?: number | undefined;
  /** Scaling of rotary frequencies for longer texts (default: none). */
  readonly ropeScaling?: RopeScaling | undefined;
  /** Share of the elements of each head that are rotated, starting with the first (default 1). */
  readonly rotaryShare?: number | undefined;
  /** For each layer, whether it has rotary positions (default: all). */
  readonly ropeLayers?: readonly boolean[] | undefined;
  /** Base of the frequencies in layers with a window, without scaling (default: as in other layers). */
  readonly windowRopeTheta?: number | undefined;
  /** Number of learned position vectors, which replace rotary positions (default: none). */
  readonly maxPositions?: number | undefined;
  /** Size of the sliding window: a position attends to itself and the `window - 1` before it (default: no limit). */
  readonly window?: number | undefined;
  /** For each layer, whether it has the window (default: all, if `window` is set). */
  readonly windowLayers?: readonly boolean[] | undefined;
  /** `rms` (default), `rms+1` (the stored gain is the factor minus 1) or `layer` (with mean and bias). */
  readonly norm?: 'rms' | 'rms+1' | 'layer' | undefined;
  /** Activation of the MLP (default `silu`); `gelu` is exact, `gelu-tanh` is its approximation. */
  readonly activation?: 'silu' | 'gelu' | 'gelu-tanh' | 'relu' | undefined;
  /** Which projections have biases (default: none). */
  readonly biases?:
    | {
        /** Projections to queries, keys and values. */
        readonly qkv?: boolean;
        /** Output projection of attention. */
        readonly output?: boolean;
        /** Projections of the MLP. */
        readonly mlp?: boolean;
      }
    | undefined;
  /** Whether query and key heads are normalized before the rotation (default: false). */
  readonly qkNorms?: boolean | undefined;
  /** Whether the outputs of attention and MLP are normalized too (default: false). */
  readonly postNorms?: boolean | undefined;
  /** Factor of attention scores (default 1 / sqrt(headSize)). */
  readonly attentionScale?: number | undefined;
  /** Soft cap c of attention scores: c tanh(score / c) (default: none). */
  readonly attentionSoftcap?: number | undefined;
  /** Soft cap of the output logits (default: none). */
  readonly logitSoftcap?: number | undefined;
  /** Factor of the input word vectors (default 1). */
  readonly embeddingScale?: number | undefined;
}

/** Naming and layout of weights. */
export type DecoderLayout = 'llama' | 'phi3' | 'gpt2';

/** `linear`: divides all rotary frequencies by `factor`. `llama3`: divides low frequencies only, with a smooth transition. */
export type RopeScaling =
  | {
      /** Kind of scaling. */
      readonly type: 'linear';
      /** Divisor of the frequencies. */
      readonly factor: number;
    }
  | {
      /** Kind of scaling. */
      readonly type: 'llama3';
      /** Divisor of the low frequencies. */
      readonly factor: number;
      /** Frequencies with wavelengths above `length / low` are divided. */
      readonly low: number;
      /** Frequencies with wavelengths below `length / high` are unchanged. */
      readonly high: number;
      /** Context length of the pretraining before the extension. */
      readonly length: number;
    };

/** Dimension of each attention head. */
export function headSizeOf({ headSize, width, heads }: DecoderConfig): number {
  return headSize ?? width / heads;
}

/** Number of rotated elements of each head. */
export function rotatedOf(config: DecoderConfig): number {
  return Math.floor(headSizeOf(config) * (config.rotaryShare ?? 1));
}

/** Checks that sizes are positive integers and divisible as needed. @throws LeaError `E_OPTION_VALUE` */
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
    throw new LeaError(
      'E_OPTION_VALUE',
      'The number of rotated elements of a head must be even, at least 2 and at most the head size.',
      {
        value: [size, config.rotaryShare],
      },
    );
  }
  if (!Number.isInteger(heads / kvHeads)) {
    throw new LeaError('E_OPTION_VALUE', 'heads must be a multiple of kvHeads.', { value: [heads, kvHeads] });
  }
  for (const name of ['ropeLayers', 'windowLayers'] as const) {
    if (config[name] && config[name].length !== layers) {
      throw new LeaError('E_OPTION_VALUE', `${name} must have one entry for each of the ${layers} layers.`, {
        value: config[name],
      });
    }
  }
}
