export type { QOptions } from './agents/base.ts';
export { type CeOptions, ce } from './agents/ce.ts';
export { type Sa2cOptions, sa2c } from './agents/sa2c.ts';
export { type SnqnOptions, snqn } from './agents/snqn.ts';
export { sqn } from './agents/sqn.ts';
export { type CaserOptions, caser } from './encoders/caser.ts';
export { type Gru4recOptions, gru4rec } from './encoders/gru4rec.ts';
export type { TextUse } from './encoders/items.ts';
export { type NextitnetOptions, nextitnet } from './encoders/nextitnet.ts';
export { type SasrecOptions, sasrec } from './encoders/sasrec.ts';
export { type SasrecModernOptions, sasrecModern } from './encoders/sasrec-modern.ts';
export { loadPolicy } from './load.ts';
export { createPolicy, type Policy, type PolicyOptions, type PolicyScorer, type RecommendOptions } from './policy.ts';
export {
  type AgentFactory,
  agentConfig,
  createAgent,
  createEncoder,
  defineAgent,
  defineEncoder,
  type EncoderFactory,
} from './registry.ts';
export { weightsHash } from './save.ts';
export type { ScoringOptions } from './scoring.ts';
export { type Scored, topK } from './topk.ts';
export type {
  Agent,
  AgentConfig,
  Encoder,
  EncoderConfig,
  Histories,
  LossInput,
  LossResult,
  Mode,
  Phase,
  Shape,
} from './types.ts';
