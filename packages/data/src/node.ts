/** Data in files, for programs that run in Node. */
export { loadIndustrial } from './datasets/industrial.ts';
export { type LastfmOptions, lastfmCatalog, loadLastfm } from './datasets/lastfm.ts';
export { loadRetailrocket } from './datasets/retailrocket.ts';
export { type ReadCatalogOptions, readCatalog } from './read/catalog.ts';
export { type InteractionColumns, type ReadInteractionsOptions, readInteractions } from './read/interactions.ts';
export type { FileOptions } from './read/table.ts';
