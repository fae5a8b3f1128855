import { allExcept, int32, type Program, type Specs, targetRanks, type Values } from '@lea/tensor';
import type { Tensor2D } from '@tensorflow/tfjs-core';

/** The histories of one run: `size` from `from` on, padded to `rows`. */
export interface Part {
  readonly from: number;
  readonly size: number;
  readonly rows: number;
}

/** What a call asks about its histories. */
export interface Question {
  /** Makes the program that answers out of the one that scores. */
  program(score: Program): Program;
  /** Specs of its inputs besides the histories. */
  specs(rows: number): Specs;
  /** The same inputs for one run. */
  inputs(part: Part): Values;
}

/** Asks for the scores themselves. */
export const scoresAsked: Question = { program: (score) => score, specs: () => ({}), inputs: () => ({}) };

/** Asks for `ranks` int32 [rows], see `Scorer.ranks`. Its arguments have been checked. */
export function ranksAsked(
  targets: Int32Array,
  excluded: readonly ArrayLike<number>[] | undefined,
  items: number,
): Question {
  return {
    program: (score) => (args) => {
      const { target, counted } = args.inputs;
      const scores = score(args).outputs.scores as Tensor2D;
      return { state: {}, outputs: { ranks: targetRanks(scores, target!, counted) } };
    },
    specs: (rows) => ({
      target: { dtype: 'int32', shape: [rows] },
      ...(excluded && { counted: { dtype: 'bool', shape: [rows, items] } }),
    }),
    inputs({ from, size, rows }): Values {
      const target = new Int32Array(rows);
      target.set(targets.subarray(from, from + size));
      if (!excluded) return { target: int32(target) };
      return { target: int32(target), counted: allExcept(excluded.slice(from, from + size), rows, items) };
    },
  };
}
