// Importing this package defines its types. Import it before you load its policies, or name it in a bench config.
export { type IqlOptions, iql } from './iql.ts';
export { type RecencyPoolOptions, recencyPool } from './recency-pool.ts';
export { type RewardBprOptions, rewardBpr } from './reward-bpr.ts';
