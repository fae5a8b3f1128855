import type { ShapeName, Training } from './shapes.ts';

/** The expensive tasks of an environment: learning item tokens, fitting with adapters, annotating. */
export const tasks = ['item tokens', 'lora', 'annotation', 'prompted annotation'] as const;

export type Task = (typeof tasks)[number];

export function isTraining(task: Task): task is Training {
  return task === 'item tokens' || task === 'lora';
}

/** Settings of a measured step of an environment, with a language model of a given shape and random weights. */
export interface EnvSettings {
  readonly what: Task;
  readonly shape: ShapeName;
  /** Rows per step: texts, packed rows of histories, or annotated histories. */
  readonly batch: number;
  /** Positions per row. */
  readonly length: number;
  readonly threads: number;
  /** Steps per round. */
  readonly steps: number;
  /** Annotation: whether all actions of a history share one pass, as in `rewards`; otherwise each action has its own. */
  readonly shared: boolean;
  /** Training: whether our idle threads spin. */
  readonly spinning: boolean;
  /** Safetensors file to which our worker writes values and batches for a peer. */
  readonly start?: string;
}

/** Size of the catalog. */
export const ITEMS = 2000;

/** Number of rewarded actions per history. */
export const ACTIONS = 10;

export const LORA = { rank: 8, alpha: 16, targets: ['q', 'v'] } as const;

/** Learning rates of Adam. That of item tokens is in units of the root mean square of the word vectors. */
export const RATES: Readonly<Record<Training, number>> = { 'item tokens': 0.3, lora: 0.002 };
