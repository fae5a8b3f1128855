export { type Annotation, type AnnotationColumns, positivesPerRow, rewardStatistics } from './annotation.ts';
export {
  checkInteractions,
  checkRewardModels,
  checkScorers,
  checkSequences,
  checkSplits,
  checkTransitions,
} from './arguments.ts';
export { type CatalogIdentity, catalogIdentityOf, checkCatalogIdentity } from './catalog-identity.ts';
export type { Cell, CellOptions } from './cells.ts';
export { checkWindows } from './check-windows.ts';
export { addRow, type Pairs, type SparseRows, sparseRows, transposed } from './counting/sparse-rows.ts';
export { successions } from './counting/successions.ts';
export type { Dataset, EventSet } from './datasets/dataset.ts';
export {
  type DatasetDefinition,
  type DatasetFactory,
  datasetTypes,
  defineDataset,
  findDataset,
  type OwnDataset,
} from './define-dataset.ts';
export { dataHash, type Interactions, type InteractionsInfo } from './interactions.ts';
export { type EventColumns, type IdOptions, interactionsOf } from './interactions-of.ts';
export type { InteractivePolicy, InteractiveUsers, Reactions, Visits } from './interactive.ts';
export type { Contribution, ItemTexts } from './item-texts.ts';
export { findLeaks, type Leak, type LeakOptions, type LeakReport } from './leaks.ts';
export { type ColumnTable, fromTable } from './read/from-table.ts';
export { checkActions, type RewardCalibration, type RewardModel } from './reward-model.ts';
export { type CheckedRewards, checkedRewards, type Rewards, rewardReader } from './rewards.ts';
export { ranksBy, type Scorer, type Scores } from './scorer.ts';
export { checkScores, scoresOf } from './scores-of.ts';
export { itemCounts, rowsHash, type Sequences, sequences, type Transitions, transitions } from './sequences.ts';
export { leaveOneOut, splitByTime, splitByTimeQuantiles, type TimePoint } from './split/by-order.ts';
export { type SplitByUserOptions, splitByUser, splitByUserLists } from './split/by-user.ts';
export { type SetName, type Split, type SplitInfo, splitBy } from './split/split.ts';
export { findTextLeaks, type TextLeak, type TextLeakReport } from './text-leaks.ts';
export { type Scored, type TopKOptions, topK } from './top-k.ts';
export {
  type Batch,
  batchOf,
  emptyBatch,
  emptyWindows,
  historyWindows,
  isItemList,
  itemsBefore,
  type Windows,
  windowsOf,
} from './windows.ts';
export type { Outlook } from './world/choice.ts';
export { type DynamicsOptions, dynamicsSchema, type Prospects } from './world/dynamics.ts';
export { type PlannerOptions, plannerSchema, worldPlanner } from './world/planner.ts';
export type { Taste } from './world/tastes.ts';
export type { WorldUsers, WorldVisits } from './world/visits.ts';
export { createWorld, type World, type WorldOptions, worldSchema } from './world/world.ts';
