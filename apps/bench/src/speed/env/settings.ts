import type { ShapeName, Training } from './shapes.ts';

/** What the environment does most of the time: learning item tokens, fitting with adapters, answering. */
export const tasks = ['item tokens', 'lora', 'annotation', 'prompted annotation'] as const;

export type Task = (typeof tasks)[number];

export function isTraining(task: Task): task is Training {
  return task === 'item tokens' || task === 'lora';
}

/** What is measured: a step of the environment, of the shape of a language model with random weights. */
export interface EnvSettings {
  readonly what: Task;
  readonly shape: ShapeName;
  /** Rows per step: texts, packed rows of histories, or the histories that are asked about. */
  readonly batch: number;
  /** Positions per row. */
  readonly length: number;
  readonly threads: number;
  /** Steps per round. */
  readonly steps: number;
  /** Annotation: whether all actions of a history share one pass over it, as `rewards` does, or have one each. */
  readonly shared: boolean;
  /** Training: whether idle threads of ours wait actively. */
  readonly spinning: boolean;
  /** Where our worker leaves values and batches for a peer (safetensors). */
  readonly start?: string;
}

/** Size of the catalog. */
export const ITEMS = 2000;

/** Actions per history whose rewards are asked for. */
export const ACTIONS = 10;

export const LORA = { rank: 8, alpha: 16, targets: ['q', 'v'] } as const;

/** Adam's learning rate: of item tokens in units of the root mean square of the word vectors. */
export const RATES: Readonly<Record<Training, number>> = { 'item tokens': 0.3, lora: 0.002 };
