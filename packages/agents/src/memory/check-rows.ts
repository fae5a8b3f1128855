import { LeaError } from '@lea/core';
import { checkTransitions, itemCounts, type Transitions } from '@lea/data';
import { checkMemories } from '../arguments.ts';
import type { Memory } from './memory.ts';

/**
 * Refuses a memory that was counted from other rows, or has observed more events since: one that knows held-out rows would look
 * better than it is. Rows are told apart by how often they choose each item.
 *
 * @throws LeaError `E_MEMORY`
 */
export function checkMemoryRows(memory: Memory, train: Transitions): void {
  checkMemories('checkMemoryRows', { memory });
  checkTransitions('checkMemoryRows', { train });
  const { chosen } = memory.state;
  const counts = itemCounts(train);
  if (counts.length === chosen.length && counts.every((count, item) => Math.fround(count) === chosen[item])) return;
  throw new LeaError('E_MEMORY', 'The memory was not counted from these rows, or has observed more events since.', {
    value: chosen.reduce((sum, count) => sum + count, 0),
    hint: `Count it from the ${train.count} train rows with countingMemory(train).`,
  });
}
