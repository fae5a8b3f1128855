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
    testTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
