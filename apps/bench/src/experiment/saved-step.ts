import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unsealed } from '@lea/core';
import { readWhole } from '@lea/core/node';
import { CHECKPOINT } from './trained.ts';

/** The step from which an interrupted training in a folder goes on, by its log; null where nothing is saved. */
export async function savedStep(folder: string): Promise<number | null> {
  if (!existsSync(join(folder, CHECKPOINT))) return null;
  const path = join(folder, 'events.jsonl');
  const text = (await readWhole(path).catch(() => undefined))?.toString('utf8') ?? '';
  for (const line of text.split('\n').reverse()) {
    const step = stepOf(line, path);
    if (step !== undefined) return step;
  }
  return null;
}

/** The step of a line that tells of a checkpoint; lines that are cut or damaged tell nothing. */
function stepOf(line: string, path: string): number | undefined {
  try {
    const { type, step } = unsealed(line, path);
    return type === 'checkpoint' && typeof step === 'number' ? step : undefined;
  } catch {
    return undefined;
  }
}
