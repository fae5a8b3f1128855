import { leaveOwnUserOut, type Memory } from '@lea/agents';
import { contentHash, flag, type Given, LeaError, type OptionsSchema, option, parseOptions, whole } from '@lea/core';
import { type Annotation, positivesPerRow, rewardStatistics, rowsHash, type Transitions, topK } from '@lea/data';

/** Options of `memoryTeacher`. */
export interface MemoryTeacherOptions {
  /**
   * Positive actions per row. Higher and lower values act as in `annotate`. Default: 20, or in a smaller catalog all that every
   * row has.
   */
  readonly k: number | undefined;
  /** Whether items of the row's window are left out. Default: false. */
  readonly excludeSeen: boolean;
}

/** Defaults and checks of `MemoryTeacherOptions`. */
export const memoryTeacherSchema: OptionsSchema<MemoryTeacherOptions> = {
  k: option(whole(1), undefined),
  excludeSeen: option(flag, false),
};

/**
 * Annotates every row with a counting memory instead of an environment. It is the strictest control of an environment, because
 * it only counts. The counts for a row leave out the row's own user. Logits and rewards are both ln p(item | history).
 *
 * @param train the rows that the memory was built from
 * @throws LeaError `E_MEMORY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`
 */
export function memoryTeacher(train: Transitions, memory: Memory, options?: Given<MemoryTeacherOptions>): Annotation {
  const { items, window } = memory.config;
  const asked = parseOptions('memoryTeacher', memoryTeacherSchema, options);
  const { excludeSeen } = asked;
  const { sequences, count, event, sequence } = train;
  if (count === 0) throw new LeaError('E_DATA_EMPTY', 'Expected train rows to annotate, got none.');
  const k = positivesPerRow('memoryTeacher', train, { ...asked, window });
  const probabilities = leaveOwnUserOut(train, memory);
  const columns = {
    reward: new Float32Array(count),
    positives: new Int32Array(count * k),
    logits: new Float32Array(count * k),
  };
  const own = new Float32Array(items);
  for (let row = 0; row < count; row++) {
    probabilities(row, own);
    const at = event[row]!;
    const action = sequences.items[at]!;
    columns.reward[row] = Math.log(own[action]!);
    const exclude = new Set([action]);
    if (excludeSeen) {
      const start = Math.max(sequences.offsets[sequence[row]!]!, at - window);
      for (const item of sequences.items.subarray(start, at)) exclude.add(item);
    }
    for (const [j, { item, score }] of topK(own, k, { exclude }).entries()) {
      columns.positives[row * k + j] = item;
      columns.logits[row * k + j] = Math.log(score);
    }
  }
  const about = rowsHash(train);
  return {
    rows: count,
    k,
    ...columns,
    positiveRewards: columns.logits,
    ...rewardStatistics(columns.reward),
    hash: contentHash('memory teacher', memory.hash, about, { k, excludeSeen }),
    rowsHash: about,
  };
}
