import type { BaselineConfig } from './schema.ts';

const names = {
  popularity: 'popularity',
  'repeat-history': 'repeat history',
  'last-item-markov': 'last-item Markov',
  'text-similarity': 'text similarity',
  'sequential-rules': 'sequential rules',
  'co-occurrence': 'co-occurrence',
  'item-knn': 'ItemKNN',
  sknn: 'SKNN',
  vsknn: 'VSKNN',
  stan: 'STAN',
  ease: 'EASE',
  'counting-memory': 'counting memory',
};

/** The name of a baseline in tables. */
export function baselineName(config: BaselineConfig): string {
  if (config.name !== undefined) return config.name;
  return `${names[config.type] ?? config.type}${config.type === 'co-occurrence' && config.text ? ' + text' : ''}`;
}
