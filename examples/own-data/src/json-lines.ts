import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LeaError } from '@lea/core';
import { type DatasetFactory, defineDataset, interactionsOf } from '@lea/data';

interface Event {
  readonly user: string;
  readonly item: string;
  readonly at: string;
}

// #region dataset
export const jsonLines: DatasetFactory<{ file: string }> = defineDataset({
  type: 'json-lines',
  defaults: { file: 'log.jsonl' },
  check({ file }) {
    if (typeof file === 'string' && file !== '') return;
    throw new LeaError('E_OPTION_VALUE', 'json-lines: expected a path for file.', { value: file });
  },
  async load({ file }, folder) {
    const lines = (await readFile(resolve(folder, file), 'utf8')).trim().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Event);
    return {
      interactions: interactionsOf({
        user: events.map(({ user }) => user),
        item: events.map(({ item }) => item),
        time: events.map(({ at }) => at),
      }),
    };
  },
});
// #endregion dataset
