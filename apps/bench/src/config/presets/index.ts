import type { Experiment } from '../schema.ts';
import { industrial } from './industrial.ts';
import { lastfm } from './lastfm.ts';
import { ml1m } from './ml-1m.ts';
import { quick } from './quick.ts';
import { retailrocket } from './retailrocket.ts';

/** Experiments that come with the bench, by name. */
export const presets: Readonly<Record<string, Experiment>> = { quick, industrial, lastfm, retailrocket, 'ml-1m': ml1m };
