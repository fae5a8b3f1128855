import { checkRanges } from '@lea/core';
import { checkMemories } from '../arguments.ts';
import { createMemory, type Memory } from './memory.ts';
import { slotsOf } from './mixture.ts';

/**
 * The memory as a policy with fusion `joint` reads it: of a network's window, if its own is wider. The weights of the places
 * beyond are left out, so it scores as the memory does that is given these events alone.
 *
 * @param window number of newest events that the network reads
 * @returns the same memory if it reads no more events than that
 * @throws LeaError `E_OPTION_VALUE`
 */
export function narrowMemory(memory: Memory, window: number): Memory {
  checkMemories('narrowMemory', { memory });
  checkRanges('narrowMemory', { window }, { window: [1, Infinity, 'whole'] });
  const { config, state } = memory;
  if (config.window <= window) return memory;
  const slots = slotsOf(config.window, { repeat: config.repeats, text: state.tables.text !== undefined });
  const bias = config.gate.bias.filter((_, i) => slots[i]!.place < window);
  return createMemory({ ...config, window, gate: { ...config.gate, bias } }, state);
}
