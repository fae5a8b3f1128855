import type { Experiment } from '../schema.ts';
import { industrial } from './industrial.ts';
import { lastfm } from './lastfm.ts';
import { ml1m } from './ml-1m.ts';
import { rc15, rc15Time, retailrocketEvents, retailrocketTime } from './purchases.ts';
import { quick } from './quick.ts';
import { retailrocket } from './retailrocket.ts';
import { beautyS3Rec, lastfmS3Rec } from './s3-rec.ts';
import { scientificLoo } from './scientific-loo.ts';

/** Experiments that come with the bench, by name. */
export const presets: Readonly<Record<string, Experiment>> = Object.fromEntries(
  [
    quick,
    industrial,
    lastfm,
    retailrocket,
    scientificLoo,
    ml1m,
    beautyS3Rec,
    lastfmS3Rec,
    retailrocketEvents,
    retailrocketTime,
    rc15,
    rc15Time,
  ].map((preset) => [preset.name, preset]),
);
