export type { Query, Recommendation, RecommendOptions } from '../recommend.ts';
export type { Recommender, RecommendIndicesOptions } from '../recommender.ts';
export type { Scored } from '../topk.ts';
export { type OnnxRuntime, type ServedPolicy, type ServeOptions, servePolicy } from './serve-policy.ts';
