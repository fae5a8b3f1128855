export type { Scored } from '@lea/data';
export type { Query, Recommendation, RecommendOptions } from '../recommend.ts';
export type { Recommender, RecommendIndicesOptions } from '../recommender.ts';
export { type OnnxRuntime, type ServedPolicy, type ServeOptions, servePolicy } from './serve-policy.ts';
