import type { DecoderConfig } from '../language-model/decoders/config.ts';
import type { LoraOptions } from '../language-model/decoders/lora.ts';
import type { MemoryShape } from './memory.ts';

/** Maximum window, because the memory of attention is quadratic in it. */
export const LONGEST = 4096;

/** A prompt and the number of tokens of its parts. */
export interface PromptShape {
  /** The template with its placeholders. */
  readonly text: string;
  /** Number of tokens before the history. */
  readonly before: number;
  /** Number of tokens between history and action. */
  readonly between: number;
  /** Number of tokens after the action. */
  readonly after: number;
}

/**
 * Connects item vectors with a pretrained decoder, whose weights were not learned together with them. Item vectors enter through a
 * projection to the scale of word vectors. States leave standardized by column, normalized, and projected to the size of item
 * vectors. Logits between item vectors and the states themselves would be far too large: the columns of pretrained states differ
 * in scale by a factor of 30, and hundreds of them add up.
 */
export interface ConnectorShape {
  /** Size of item vectors and of states that leave the decoder. */
  readonly width: number;
  /** Number of attention heads of the reward head. */
  readonly heads: number;
}

/** Architecture of the environment (LE). */
export interface EnvironmentConfig extends MemoryShape {
  /** Architecture of the decoder. */
  readonly decoder: DecoderConfig;
  /** How items are connected with a pretrained decoder. Without it, item vectors are the decoder's own inputs and outputs. */
  readonly connector?: ConnectorShape;
  /** Number of items. */
  readonly items: number;
  /** Maximum number of events read of a history. */
  readonly window: number;
  /** Input vector of an item: a learned item embedding, its projected token, or their sum. */
  readonly itemInput: 'id' | 'text' | 'id+text';
  /** Trained part of the decoder: all of it, or LoRA adapters with these options. */
  readonly adaptation: 'all' | LoraOptions;
  /** Vector of a candidate in the reward head: its projected token alone, or its input vector. */
  readonly candidateInput: 'text' | 'input';
  /** Number of reward heads; rewards are the mean over them. */
  readonly rewardHeads: number;
  /** Prompt around histories and candidates; null: item vectors only. */
  readonly prompt: PromptShape | null;
}

/** Size of item vectors. */
export function itemWidth({ connector, decoder }: EnvironmentConfig): number {
  return connector?.width ?? decoder.width;
}

/** Dimension of a state: that of item vectors plus that of the text memory. */
export function stateSize(config: EnvironmentConfig): number {
  return itemWidth(config) + config.textMemoryWidth;
}

/** Parameter prefixes of the reward heads: `reward.` for a single one, else `reward.0.`, `reward.1.`, ... */
export function headNames({ rewardHeads }: EnvironmentConfig): string[] {
  return rewardHeads === 1 ? ['reward.'] : Array.from({ length: rewardHeads }, (_, h) => `reward.${h}.`);
}
