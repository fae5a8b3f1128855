import { contentHash, LeaError } from '@lea/core';
import { type Annotation, rowsHash, type Transitions } from '@lea/data';
import { copyRows, emptyColumns } from './columns.ts';
import type { Store } from './store.ts';

/** An annotation that stays on disk: rows are read when asked for, a shard at a time. */
export interface AnnotationFiles
  extends Pick<Annotation, 'rows' | 'k' | 'rewardMean' | 'rewardStd' | 'calibration' | 'hash' | 'rowsHash'> {
  /**
   * Rows `from`..`to - 1`, with the mean and deviation of all rows; only the shards that hold them are read.
   *
   * @throws LeaError `E_OPTION_VALUE` (no such rows), `E_ANNOTATION_FILE` (a shard is gone or damaged)
   */
  read(from: number, to: number): Promise<Annotation>;
  /** All rows in order, in parts of one shard: no more than that is in memory. */
  [Symbol.asyncIterator](): AsyncIterator<Annotation>;
}

export function annotationFiles(
  store: Store,
  about: Omit<AnnotationFiles, 'read' | typeof Symbol.asyncIterator>,
  transitions: Transitions,
  shardRows: number,
  stateSize: number,
): AnnotationFiles {
  const { rows, k, hash } = about;
  const read = async (from: number, to: number): Promise<Annotation> => {
    if (!(Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from < to && to <= rows)) {
      throw new LeaError('E_OPTION_VALUE', `The annotation has rows 0 to ${rows}, the end not included.`, {
        value: [from, to],
      });
    }
    const columns = emptyColumns(to - from, k, stateSize);
    for (let shard = Math.floor(from / shardRows); shard * shardRows < to; shard++) {
      const begin = shard * shardRows;
      const values = await store.read(shard);
      if (!values) {
        throw new LeaError('E_ANNOTATION_FILE', 'A shard of this annotation is gone or damaged.', {
          value: store.path(shard),
          hint: 'Delete it and annotate again: what is whole is not computed again.',
        });
      }
      const [first, last] = [Math.max(from, begin), Math.min(to, begin + shardRows)];
      copyRows(columns, first - from, values, first - begin, last - begin);
    }
    if (to - from === rows) return { ...about, ...columns };
    const [event, sequence] = [transitions.event.subarray(from, to), transitions.sequence.subarray(from, to)];
    const part = { hash: contentHash(hash, from, to), rowsHash: rowsHash({ ...transitions, event, sequence }) };
    return { ...about, ...columns, rows: to - from, ...part };
  };
  return {
    ...about,
    read,
    async *[Symbol.asyncIterator]() {
      for (let from = 0; from < rows; from += shardRows) yield await read(from, Math.min(from + shardRows, rows));
    },
  };
}
