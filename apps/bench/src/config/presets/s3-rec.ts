import type { Experiment, Published } from '../schema.ts';
import { type NextItemSettings, nextItemRuns } from './next-item.ts';
import { study } from './studies.ts';

const protocol = "S3-Rec's file, leave-one-out, full ranking without seen items, histories of 50";
const s3Rec = study('Zhou et al., CIKM 2020 (S3-Rec), all_rank.PNG of github.com/RUCAIBox/CIKM2020-S3Rec', protocol);
const tiger = study('Rajput et al., NeurIPS 2023 (TIGER)', "S3-Rec's file, leave-one-out, full ranking");
const duoRec = study('Qiu et al., WSDM 2022 (DuoRec)', "S3-Rec's file, leave-one-out, full ranking");
const modular = study(
  'Tikhonovich et al., RecSys 2025 (eSASRec), github.com/blondered/transformer_benchmark',
  "S3-Rec's file, leave-one-out, full ranking",
);

/** Beauty of S3-Rec: 22,363 users, 12,101 items. Width and sampled items were chosen on validation. */
export const beautyS3Rec: Experiment = s3RecExperiment(
  'beauty-s3rec',
  'Beauty.txt',
  { sampledItems: 2048, batch: 128, evaluateEvery: 350, maxSteps: 7000 },
  [
    s3Rec('SASRec', 0.0605, 0.0318),
    s3Rec('S3-Rec', 0.0647, 0.0327),
    tiger('TIGER', 0.0648, 0.0384),
    duoRec('DuoRec', 0.0845, 0.0443),
    modular('SASRec with sampled softmax', 0.0921, 0.0531),
    modular('eSASRec', 0.0928, 0.0523),
  ],
);

/** Last.fm of S3-Rec: 1,090 users, 3,646 items. It is another version than that of the preset `lastfm`. */
export const lastfmS3Rec: Experiment = s3RecExperiment(
  'lastfm-s3rec',
  'LastFM.txt',
  { sampledItems: 512, batch: 32, evaluateEvery: 260, maxSteps: 10_400 },
  [s3Rec('SASRec', 0.0688, 0.039), s3Rec('S3-Rec', 0.0743, 0.0427)],
);

/** @param sizes validates about every two (Beauty) or five (Last.fm) epochs, for at most 40 or 200 epochs */
function s3RecExperiment(
  name: string,
  file: string,
  sizes: Pick<NextItemSettings, 'sampledItems' | 'batch' | 'evaluateEvery' | 'maxSteps'>,
  published: Published[],
): Experiment {
  return {
    name,
    dataset: { type: 's3-rec', file },
    split: { type: 'leave-one-out' },
    window: 50,
    rewards: { click: 1 },
    exclude: 'seen',
    seeds: [0],
    baselines: [
      { type: 'popularity' },
      { type: 'last-item-markov' },
      { type: 'sequential-rules' },
      { type: 'item-knn' },
    ],
    runs: nextItemRuns({
      width: 64,
      layers: 1,
      dropout: 0.2,
      ...sizes,
      patience: 5,
    }),
    published,
  };
}
