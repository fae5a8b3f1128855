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

/** Architecture of the environment (LE). */
export interface EnvironmentConfig extends MemoryShape {
  /** Architecture of the decoder. */
  readonly decoder: DecoderConfig;
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

/** Dimension of a state: that of the decoder plus that of the text memory. */
export function stateSize({ decoder, textMemoryWidth }: EnvironmentConfig): number {
  return decoder.width + textMemoryWidth;
}

/** Parameter prefixes of the reward heads: `reward.` for a single one, else `reward.0.`, `reward.1.`, ... */
export function headNames({ rewardHeads }: EnvironmentConfig): string[] {
  return rewardHeads === 1 ? ['reward.'] : Array.from({ length: rewardHeads }, (_, h) => `reward.${h}.`);
}
