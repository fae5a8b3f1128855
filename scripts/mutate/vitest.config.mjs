import { readFileSync } from 'node:fs';
import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';

/** Replaces one source by a version with one edit. The edit exists only in the memory of the test run. */
const { path, start, end, to } = JSON.parse(process.env.LEA_MUTANT);

const mutant = {
  name: 'mutant',
  enforce: 'pre',
  // Otherwise Vitest caches the edited module on disk and reuses it for the next edit.
  configureVitest({ defineCacheKeyGenerator }) {
    defineCacheKeyGenerator(({ id }) => (id === path ? false : undefined));
  },
  load(id) {
    if (id !== path) return undefined;
    const text = readFileSync(path, 'utf8');
    return text.slice(0, start) + to + text.slice(end);
  },
};

export default mergeConfig(base, { plugins: [mutant], test: { bail: 1, maxWorkers: 1 } });
