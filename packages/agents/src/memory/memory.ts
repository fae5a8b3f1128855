import { LeaError } from '@lea/core';
import type { Windows } from '@lea/data';
import { pick, prefixed, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import type { PolicyScorer } from '../scoring.ts';
import { type ScoringOptions, scoring } from '../scoring.ts';
import { type ObservedEvent, observed } from './observe.ts';
import { type MixtureForm, mixtureProbabilities, placesOf, seenItems } from './probabilities.ts';
import { formOf, type MemoryConfig, type MemoryState, memoryHash, programTables } from './state.ts';

/** Counted successions and likeness of texts as one distribution over items: a scorer by itself, or a part of a policy. */
export interface Memory {
  readonly config: MemoryConfig;
  /** What it knows now; a new object after `observe`. */
  readonly state: MemoryState;
  /** Of all that its scores depend on. */
  readonly hash: string;
  /**
   * Scores [size * items], row by row: ln p(item | history), plus `config.repeat` for items in the window.
   *
   * @throws LeaError `E_WINDOWS`, `E_ITEM_RANGE`, `E_DISPOSED`
   */
  score(windows: Windows): Promise<Float32Array>;
  asScorer(name?: string): PolicyScorer;
  /**
   * Counts more events; the gate stays as it is. The next score knows them. Give many at once: tables are copied. Counts are
   * exact while an item has at most `neighbors` successors.
   *
   * @throws LeaError `E_ITEM_RANGE`; then nothing was counted
   */
  observe(events: readonly ObservedEvent[]): void;
  /** A memory of its own that knows the same; what it observes stays with it. */
  fork(): Memory;
  /** Gives the memory of the program back; scoring afterwards is an error. */
  dispose(): Promise<void>;
}

/** A memory out of its parts. */
export function createMemory(config: MemoryConfig, initial: MemoryState, options: ScoringOptions = {}): Memory {
  let state = initial;
  const { items, window } = config;
  const scorer = scoring(
    { items, window },
    {
      form: () => formKey(state),
      program: () => {
        const form = formOf(config, state);
        return ({ inputs, frozen }) => {
          const places = placesOf({ items: inputs.items!, length: inputs.length! }, window, items);
          const { logProbabilities, seen } = memoryLogits(pick('memory/', frozen), form, places);
          return {
            state: {},
            outputs: { scores: tf.add(logProbabilities, tf.mul(seen, tf.scalar(config.repeat))) },
          };
        };
      },
      frozen: () => memoryTables(state),
    },
    options,
  );
  return {
    config,
    get state() {
      return state;
    },
    get hash() {
      return memoryHash(config, state);
    },
    score: scorer.score,
    asScorer: (name = 'memory') => ({ name, items, window, score: scorer.score }),
    observe(events) {
      state = observed(config, state, events);
    },
    fork: () => createMemory(config, state, options),
    dispose: scorer.dispose,
  };
}

/** ln p(item | history) and where the history's own items are, float32 [B, N] each. */
export function memoryLogits(
  tables: Record<string, tf.Tensor>,
  form: MixtureForm,
  places: ReturnType<typeof placesOf>,
): { logProbabilities: tf.Tensor2D; seen: tf.Tensor2D } {
  const p = mixtureProbabilities(tables, form, places);
  return { logProbabilities: tf.log(p) as tf.Tensor2D, seen: seenItems(places, form.items) };
}

/** What programs read of a memory, by their names among frozen tensors. */
export function memoryTables(state: MemoryState): Values {
  return prefixed('memory/', programTables(state));
}

/** Changes when programs over the tables have to be made again. */
export function formKey(state: MemoryState): string {
  return Object.values(state.tables)
    .map(({ columns, longest }) => `${columns.length}x${longest}`)
    .join();
}

/** @throws LeaError `E_MEMORY` unless the memory is of a catalogue of that size */
export function checkMemory(memory: Memory, items: number): void {
  if (memory.config.items === items) return;
  throw new LeaError('E_MEMORY', `The memory is of another catalogue, not of the ${items} items of the policy.`, {
    value: memory.config.items,
    hint: 'Count it on the train rows of the same data.',
  });
}
