import type { Experiment } from '../schema.ts';
import { industrial } from './industrial.ts';
import { lastfm } from './lastfm.ts';
import { quick } from './quick.ts';
import { retailrocket } from './retailrocket.ts';

/** Experiments that come with the bench, by name. */
export const presets: Readonly<Record<string, Experiment>> = { quick, industrial, lastfm, retailrocket };
