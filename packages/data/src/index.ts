export type { Catalog, Contribution } from './catalog.ts';
export type { Cell, CellOptions } from './cells.ts';
export { checkWindows } from './check-windows.ts';
export { addRow, type Pairs, type SparseRows, sparseRows, transposed } from './counting/sparse-rows.ts';
export { successions } from './counting/successions.ts';
export type { Dataset, EventSet } from './datasets/dataset.ts';
export { loadIndustrial } from './datasets/industrial.ts';
export { type LastfmOptions, lastfmCatalog, loadLastfm } from './datasets/lastfm.ts';
export { loadRetailrocket } from './datasets/retailrocket.ts';
export {
  type DatasetDefinition,
  type DatasetFactory,
  datasetTypes,
  defineDataset,
  findDataset,
  type OwnDataset,
} from './define-dataset.ts';
export {
  dataHash,
  type EventColumns,
  type IdOptions,
  type Interactions,
  type InteractionsInfo,
  interactionsOf,
} from './interactions.ts';
export { findLeaks, type Leak, type LeakOptions, type LeakReport } from './leaks.ts';
export { type ReadCatalogOptions, readCatalog } from './read/catalog.ts';
export { type ColumnTable, fromTable } from './read/from-table.ts';
export { type InteractionColumns, type ReadInteractionsOptions, readInteractions } from './read/interactions.ts';
export type { FileOptions } from './read/table.ts';
export { rewardsOf } from './rewards.ts';
export { itemCounts, rowsHash, type Sequences, sequences, type Transitions, transitions } from './sequences.ts';
export { leaveOneOut, splitByTime } from './split/by-order.ts';
export { type SplitByUserOptions, splitByUser, splitByUserLists } from './split/by-user.ts';
export { type SetName, type Split, type SplitInfo, splitBy } from './split/split.ts';
export { findTextLeaks, type TextLeak, type TextLeakReport } from './text-leaks.ts';
export {
  type Batch,
  batchOf,
  emptyBatch,
  emptyWindows,
  historyWindows,
  isItemList,
  type Windows,
  windowsOf,
} from './windows.ts';
export type { Outlook } from './world/choice.ts';
export type { Taste } from './world/tastes.ts';
export { createWorld, type World, type WorldOptions } from './world/world.ts';
