import type { DecoderConfig } from '../language-model/decoders/config.ts';
import type { LoraOptions } from '../language-model/decoders/lora.ts';
import type { MemoryShape } from './memory.ts';

/** Longest window: attention takes memory by its square. */
export const LONGEST = 4096;

/** A prompt in tokens of the language model: their numbers before the history, up to the action, and after it. */
export interface PromptShape {
  readonly text: string;
  readonly before: number;
  readonly between: number;
  readonly after: number;
}

/** What the environment (LE) is made of; everything that its programs need to know. */
export interface EnvironmentConfig extends MemoryShape {
  readonly decoder: DecoderConfig;
  readonly items: number;
  /** Most events of a history that are read. */
  readonly window: number;
  /** What an item enters as: a free vector, its projected token, or their sum. */
  readonly itemInput: 'id' | 'text' | 'id+text';
  readonly adaptation: 'all' | LoraOptions;
  /** What a candidate is to the score head: its text alone, or what it enters histories as. */
  readonly candidateInput: 'text' | 'input';
  /** Score heads; with several a reward is their mean. */
  readonly rewardHeads: number;
  /** Words around histories and candidates; null: bare item tokens. */
  readonly prompt: PromptShape | null;
}

/** Columns of a state: the decoder's, then the text memory's. */
export function stateSize({ decoder, textMemoryWidth }: EnvironmentConfig): number {
  return decoder.width + textMemoryWidth;
}

/** What the parameters of each score head begin with: `reward.` of one, `reward.0.`, `reward.1.`, ... of several. */
export function headNames({ rewardHeads }: EnvironmentConfig): string[] {
  return rewardHeads === 1 ? ['reward.'] : Array.from({ length: rewardHeads }, (_, h) => `reward.${h}.`);
}
