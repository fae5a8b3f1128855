// Importing this package defines its types: whoever names it in a bench config or loads its policies imports it.
export { type IqlOptions, iql } from './iql.ts';
export { type RecencyPoolOptions, recencyPool } from './recency-pool.ts';
