import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { custom, option } from '@lea/core';
import { type DatasetFactory, defineDataset, interactionsOf } from '@lea/data';

interface Event {
  readonly user: string;
  readonly item: string;
  readonly at: string;
}

const isPath = custom<string>((given) => typeof given === 'string' && given !== '', 'must be a path.');

export const jsonLines: DatasetFactory<{ file: string }> = defineDataset({
  type: 'json-lines',
  schema: { file: option(isPath, 'log.jsonl') },
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
