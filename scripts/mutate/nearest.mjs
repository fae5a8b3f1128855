import { globSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const imported = /^(?:import|export)\s(?!type\s)[^;]*?from '(\.[^']+)'/gm;

/**
 * The test files of a package by their distance from a source: tests of the same name first, then by the number of imports in
 * between.
 *
 * @param {string} folder such as `packages/env`
 * @returns {(file: string) => string[]} the tests that a source can reach
 */
export function nearestTests(folder) {
  const tests = globSync(`${folder}/src/**/*.test.ts`).map((path) => path.split(sep).join('/'));
  const distances = new Map(tests.map((test) => [test, distancesFrom(test)]));
  return (file) => {
    const stem = file.replace(/\.ts$/, '.');
    const distance = (test) => (test.startsWith(stem) ? 0 : distances.get(test).get(file));
    return tests
      .filter((test) => distance(test) !== undefined)
      .sort((a, b) => distance(a) - distance(b) || a.localeCompare(b));
  };
}

/** How many imports away each source is. */
function distancesFrom(test) {
  const distances = new Map([[test, 0]]);
  // Iterating over a map includes entries that are added during the iteration.
  for (const [file, distance] of distances) {
    for (const [, path] of readFileSync(file, 'utf8').matchAll(imported)) {
      const target = join(dirname(file), path).split(sep).join('/');
      if (!distances.has(target)) distances.set(target, distance + 1);
    }
  }
  return distances;
}
