import { leaveOwnUserOut, type Memory } from '@lea/agents';
import { checkRanges, contentHash, LeaError, withDefaults } from '@lea/core';
import { type Annotation, rewardStatistics, rowsHash, type Transitions, topK } from '@lea/data';

export interface MemoryTeacherOptions {
  /** Positive actions per row. Default 20; more and fewer as in `annotate` of @lea/env. */
  readonly k: number;
  /** Never propose what is in the row's window. Default false. */
  readonly excludeSeen: boolean;
}

/**
 * What a counting memory says of every row, in the form of an environment's annotation: the sharpest control of one, since it
 * only counts. Each row's own user is taken out of the counts. Logits and rewards are both ln p(item | history).
 *
 * @param train the rows that the memory was counted from
 * @throws LeaError `E_MEMORY`, `E_OPTION_UNKNOWN`, `E_OPTION_VALUE`, `E_DATA_EMPTY`
 */
export function memoryTeacher(
  train: Transitions,
  memory: Memory,
  options: Partial<MemoryTeacherOptions> = {},
): Annotation {
  const { k, excludeSeen } = withDefaults('memoryTeacher', { k: 20, excludeSeen: false }, options);
  const { items, window } = memory.config;
  checkRanges('memoryTeacher', { k }, { k: [1, items - 1 - (excludeSeen ? window : 0), 'whole'] });
  const { sequences, count, event, sequence } = train;
  if (count === 0) throw new LeaError('E_DATA_EMPTY', 'There are no rows to annotate.');
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
