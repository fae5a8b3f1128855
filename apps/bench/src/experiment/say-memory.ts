import type { Progress } from '../terminal/progress.ts';

const GB = 1e9;

/** Tells how much memory a step will take, where that is worth knowing: from 1 GB on. */
export function sayMemory(progress: Pick<Progress, 'say'>, what: string, memoryBytes: number | undefined): void {
  if (memoryBytes === undefined || memoryBytes < GB) return;
  progress.say(`A step of ${what} takes about ${(memoryBytes / GB).toFixed(1)} GB of memory, besides the data.`);
}
