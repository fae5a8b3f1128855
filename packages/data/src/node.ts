/** Data in files, for programs that run in Node. */
export { loadIndustrial } from './datasets/industrial.ts';
export { type LastfmOptions, lastfmItemTexts, loadLastfm } from './datasets/lastfm.ts';
export { loadMl1m } from './datasets/ml-1m.ts';
export { loadRetailrocket } from './datasets/retailrocket.ts';
export { loadRetailrocketEvents } from './datasets/retailrocket-events.ts';
export { loadS3Rec } from './datasets/s3-rec.ts';
export { loadYoochoose, type YoochooseOptions, yoochooseSchema } from './datasets/yoochoose.ts';
export type { InteractionSource } from './read/duckdb/source.ts';
export { readInteractions } from './read/interactions.ts';
export { type ReadItemTextsOptions, readItemTexts, readItemTextsSchema } from './read/item-texts.ts';
export {
  type InteractionColumns,
  type ReadInteractionsOptions,
  type ReadingEvent,
  readInteractionsSchema,
} from './read/options.ts';
export type { FileOptions } from './read/table.ts';
