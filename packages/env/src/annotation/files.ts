import { contentHash, LeaError } from '@lea/core';
import { type Annotation, rowsHash, type Transitions } from '@lea/data';
import { copyRows, emptyColumns } from './columns.ts';
import type { Store } from './store.ts';

/** An annotation on disk whose rows are read on demand, one shard at a time. */
export interface AnnotationFiles
  extends Pick<Annotation, 'rows' | 'k' | 'rewardMean' | 'rewardStd' | 'calibration' | 'hash' | 'rowsHash'> {
  /**
   * Reads the rows `from`..`to - 1`, with the mean and deviation of all rows. Only the shards of these rows are read.
   *
   * @throws LeaError `E_OPTION_VALUE` (invalid range), `E_ANNOTATION_FILE` (a shard is missing or damaged)
   */
  read(from: number, to: number): Promise<Annotation>;
  /** Iterates over all rows in order, one shard at a time. */
  [Symbol.asyncIterator](): AsyncIterator<Annotation>;
}

/** Opens an annotation on disk. */
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
      throw new LeaError('E_OPTION_VALUE', `Expected a range of rows with 0 <= from < to <= ${rows}.`, {
        value: [from, to],
      });
    }
    const columns = emptyColumns(to - from, k, stateSize);
    for (let shard = Math.floor(from / shardRows); shard * shardRows < to; shard++) {
      const begin = shard * shardRows;
      const values = await store.read(shard);
      if (!values) {
        throw new LeaError('E_ANNOTATION_FILE', 'A shard of the annotation is missing or damaged.', {
          value: store.path(shard),
          hint: 'Delete the shard and annotate again; intact shards are reused.',
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
