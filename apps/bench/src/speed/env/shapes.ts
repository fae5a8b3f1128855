import type { DecoderConfig } from '@lea/env';

/** The training tasks. */
export type Training = 'item tokens' | 'lora';

/** The shape of a language model, and how it is measured. */
export interface Shape {
  readonly decoder: DecoderConfig & { readonly ropeTheta: number };
  /** Size of the vocabulary. */
  readonly words: number;
  /** Rows per step. */
  readonly batch: number;
  /**
   * Training steps per round, which is one call of the runtime. `fitEnvironment` makes 32 steps per call and
   * `learnItemTokens` 5; larger models make fewer, so that a round takes about a second.
   */
  readonly steps: Readonly<Record<Training, number>>;
  /** Free memory in bytes, including that of a peer, above which the shape is measured by default. */
  readonly memory: number;
  /** Number of measured rounds. */
  readonly rounds: number;
}

export type ShapeName = keyof typeof shapes;

const llama = (width: number, layers: number, heads: number, kvHeads: number, mlpWidth: number) =>
  ({ width, layers, heads, kvHeads, mlpWidth: mlpWidth, normEps: 1e-5, ropeTheta: 10000 }) as const;

const steps = (lora: number) => ({ lora, 'item tokens': 5 }) as const;

/** Shapes of stories260K, stories15M and SmolLM-135M, by number of weights. */
export const shapes = {
  '260K': { decoder: llama(64, 5, 8, 4, 172), words: 512, batch: 32, steps: steps(16), memory: 0, rounds: 18 },
  '15M': { decoder: llama(288, 6, 6, 6, 768), words: 32000, batch: 8, steps: steps(16), memory: 0, rounds: 12 },
  '135M': { decoder: llama(576, 30, 9, 3, 1536), words: 49152, batch: 8, steps: steps(4), memory: 7e9, rounds: 6 },
} satisfies Record<string, Shape>;

/** The shapes that are measured by default with so many bytes of free memory. */
export function shapesWithin(memory: number): ShapeName[] {
  return (Object.keys(shapes) as ShapeName[]).filter((name) => shapes[name].memory <= memory);
}
