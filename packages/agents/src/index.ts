export { aligned } from './agents/alignment.ts';
export { type CcqlOptions, ccql } from './agents/ccql.ts';
export { type CeOptions, ce } from './agents/ce.ts';
export { type Augmented, type Critic, critic, type Logged, type Negatives } from './agents/critic.ts';
export type { CriticOptions, NegativeOptions } from './agents/critic-options.ts';
export { dqnNs } from './agents/dqn-ns.ts';
export {
  type AlignmentOptions,
  alignmentSchema,
  checkRanking,
  type GuidanceOptions,
  guidanceSchema,
} from './agents/guidance.ts';
export { actorCriticLoss, learningStates, type Weighting } from './agents/loss.ts';
export { meanLoss } from './agents/mean-loss.ts';
export {
  type QOptions,
  qSchema,
  type SupervisedLossOptions,
  supervisedLossSchema,
} from './agents/options.ts';
export {
  historiesOf,
  neededTarget,
  nextHistoriesOf,
  onePhase,
  passMode,
  qParts,
  supervisedParts,
  twoPhases,
} from './agents/parts.ts';
export { type ProxyOptions, proxy } from './agents/proxy.ts';
export { type Sa2cOptions, sa2c } from './agents/sa2c.ts';
export { type SacOptions, sac } from './agents/sac.ts';
export { type SnqnOptions, snqn } from './agents/snqn.ts';
export { type SqnOptions, sqn } from './agents/sqn.ts';
export { type VpqOptions, vpq } from './agents/vpq.ts';
export type {
  AgentDefinition,
  AgentFactory,
  AgentOptions,
  AgentParts,
  EncoderDefinition,
  EncoderFactory,
  EncoderParts,
} from './define.ts';
export { type CaserOptions, caser } from './encoders/caser.ts';
export { type Gru4recOptions, gru4rec } from './encoders/gru4rec.ts';
export { type ItemInput, initItems, itemTraits, lookUp } from './encoders/items.ts';
export { type NextitnetOptions, nextitnet } from './encoders/nextitnet.ts';
export { type SasrecOptions, sasrec } from './encoders/sasrec.ts';
export { type SasrecModernOptions, sasrecModern } from './encoders/sasrec-modern.ts';
export { lastPosition, validPositions } from './encoders/window.ts';
export { type ExportOptions, exportOnnx } from './export-onnx.ts';
export { allValues, type Head, head, initHead, supervisedHead, valuesOf } from './heads.ts';
export { initLinear, normalValue, uniformValue } from './init.ts';
export { type ItemParams, itemParams } from './item-params.ts';
export { loadPolicy } from './load.ts';
export type { Augmentation } from './losses/augment.ts';
export type { EnsembleOptions } from './losses/ensemble.ts';
export { type States, supervisedLoss } from './losses/supervised.ts';
export { halfSquare, loggedTarget } from './losses/td.ts';
export type { Valuation } from './losses/valuation.ts';
export { checkMemoryRows } from './memory/check-rows.ts';
export { countingMemory } from './memory/counting-memory.ts';
export { type Fusion, withMemory } from './memory/fusion.ts';
export { leaveOwnUserOut, type RowProbabilities } from './memory/leave-own-user-out.ts';
export { checkMemory, type Memory, memoryTables } from './memory/memory.ts';
export type { Gate } from './memory/mixture.ts';
export { narrowMemory } from './memory/narrow-memory.ts';
export type { ObservedEvent } from './memory/observe.ts';
export type { ObservedItem, ObserveOptions } from './memory/observe-ids.ts';
export { type MemoryOptions, memorySchema } from './memory/options.ts';
export { type MemoryConfig, type MemoryState, storedTables } from './memory/state.ts';
export { createPolicy, type Policy, type PolicyOptions } from './policy.ts';
export type { Query, Recommendation, RecommendOptions } from './recommend.ts';
export type { Recommender, RecommendIndicesOptions } from './recommender.ts';
export {
  agentConfig,
  agentTypes,
  createAgent,
  createEncoder,
  defineAgent,
  defineEncoder,
  encoderTypes,
} from './registry.ts';
export { weightsHash } from './save.ts';
export type { ScoringOptions } from './scoring.ts';
export type {
  Agent,
  AgentConfig,
  Encoder,
  EncoderConfig,
  Histories,
  ItemStatistic,
  LossInput,
  LossResult,
  Mode,
  Phase,
  Sampling,
  Shape,
  SignalInputs,
  TableReach,
} from './types.ts';
