import { LeaError, type Resource, resource } from '@lea/core';
import type { Scorer, Windows } from '@lea/data';
import { pick, prefixed, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { checkMemories, checkStates } from '../arguments.ts';
import { type ScoringOptions, scoring } from '../scoring.ts';
import { type ObservedEvent, observed } from './observe.ts';
import { type MixtureForm, mixtureProbabilities, placesOf, seenItems } from './probabilities.ts';
import { formOf, type MemoryConfig, type MemoryState, memoryHash, programTables } from './state.ts';

/**
 * A distribution over items from counted successions and similar texts: a scorer by itself, or part of a policy. `dispose`
 * releases its program's memory; scoring afterwards throws.
 */
export interface Memory extends Scorer, Resource {
  /** Its fixed settings, as plain JSON. */
  readonly config: MemoryConfig;
  /** Its current counts; a new object after `observe`. */
  readonly state: MemoryState;
  /** SHA-256 (hex) of everything that its scores depend on. */
  readonly hash: string;
  /**
   * Scores [size, items], flat: ln p(item | history), plus `config.repeat` for items in the window.
   *
   * @throws LeaError `E_WINDOWS`, `E_ITEM_RANGE`, `E_DISPOSED`
   */
  score(windows: Windows): Promise<Float32Array>;
  /**
   * The rank of one item for each history, counted inside the program: see `Scorer`.
   *
   * @throws LeaError `E_WINDOWS` (not one target per history as well), `E_ITEM_RANGE`, `E_DISPOSED`
   */
  ranks(windows: Windows, targets: Int32Array, excluded?: readonly ArrayLike<number>[]): Promise<Int32Array>;
  /**
   * Counts more events, which affect the next call of `score`; the gate is not fitted again. Pass many events at once, because
   * every call copies the tables. Counts are exact as long as an item has at most `neighbors` successors.
   *
   * @throws LeaError `E_ITEM_RANGE`, `E_HISTORY`; then nothing is counted
   */
  observe(events: readonly ObservedEvent[]): void;
  /** An independent copy: events that it observes do not affect the original. */
  fork(): Memory;
}

/** Creates a memory from its parts. */
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
    name: 'memory',
    items,
    window,
    config,
    get state() {
      return state;
    },
    get hash() {
      return memoryHash(config, state);
    },
    score: scorer.score,
    ranks: scorer.ranks,
    observe(events) {
      state = observed(config, state, events);
    },
    fork: () => createMemory(config, state, options),
    ...resource(scorer.dispose),
  };
}

/** ln p(item | history), and 1 for items of the history, float32 [B, N] each. */
export function memoryLogits(
  tables: Record<string, tf.Tensor>,
  form: MixtureForm,
  places: ReturnType<typeof placesOf>,
): { logProbabilities: tf.Tensor2D; seen: tf.Tensor2D } {
  const p = mixtureProbabilities(tables, form, places);
  return { logProbabilities: tf.log(p) as tf.Tensor2D, seen: seenItems(places, form.items) };
}

/** The tables of a memory that programs read, named as frozen tensors. */
export function memoryTables(state: MemoryState): Values {
  checkStates('memoryTables', { state });
  return prefixed('memory/', programTables(state));
}

/** Changes if programs that read the tables must be compiled again. */
export function formKey(state: MemoryState): string {
  return Object.values(state.tables)
    .map(({ columns, longest }) => `${columns.length}x${longest}`)
    .join();
}

/** Checks the size of the memory's catalog. @throws LeaError `E_MEMORY` */
export function checkMemory(memory: Memory, items: number): void {
  checkMemories('memory', { memory });
  if (memory.config.items === items) return;
  throw new LeaError('E_MEMORY', `Expected a memory of the ${items} items of the policy.`, {
    value: memory.config.items,
    hint: 'Build it from the train rows of the same data.',
  });
}
