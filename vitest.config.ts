import { defineConfig } from 'vitest/config';

/** Packages resolve each other's sources: no build is needed before the tests. */
export default defineConfig({
  resolve: { conditions: ['@lea/source'] },
  ssr: { resolve: { conditions: ['@lea/source'], externalConditions: ['@lea/source'] } },
  test: {
    include: [
      'scripts/**/*.test.mjs',
      'packages/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'examples/*/**/*.test.ts',
      'docs/*.test.ts',
    ],
    globalSetup: 'scripts/temporary-folder.mjs',
    // Far above what they take: on a busy machine a process may get a tenth of a core.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
