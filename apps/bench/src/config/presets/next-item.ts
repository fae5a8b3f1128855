import type { RunConfig } from '../schema.ts';

/** Sizes and training of the networks of a data set. */
export interface NextItemSettings {
  readonly width: number;
  readonly layers: number;
  readonly dropout: number;
  readonly lr?: number;
  /** Number of items drawn per step for the sampled softmax. */
  readonly sampledItems: number;
  /** Number of windows per step. */
  readonly batch: number;
  readonly evaluateEvery: number;
  readonly patience: number;
  readonly maxSteps: number;
  /** The metric that stops training. */
  readonly metric?: string;
}

/**
 * The network of the SASRec paper and its modern form, as later studies train them: sampled softmax, weights shared with the item
 * table, whole histories as rows, those of similar length in one batch. Then both with a counting memory, without further training.
 */
export function nextItemRuns(settings: NextItemSettings): RunConfig[] {
  const { width, layers, dropout } = settings;
  const shared = { width, layers, dropout, tied: true, everyPosition: true };
  return [
    run('sasrec', { type: 'sasrec', ...shared, heads: 1, positions: 'recency' }, settings),
    run('sasrec-modern', { type: 'sasrec-modern', ...shared, heads: 1, mlpRatio: 4 }, settings),
    ...['sasrec', 'sasrec-modern'].map((name) => ({ name: `${name} + memory`, base: name, network: name, memory: {} })),
  ];
}

/**
 * GRU4Rec as the repository of its authors has it (github.com/hidasib/GRU4Rec): cross-entropy over items that are drawn by a
 * power of their popularity, log-Q correction, and weights shared with the item table. Adagrad, negatives from the same batch and
 * sessions in parallel are not here.
 */
export function gru4recRun(settings: NextItemSettings): RunConfig {
  const { width, dropout } = settings;
  const encoder = { type: 'gru4rec', width, dropout, tied: 'bias', everyPosition: true };
  return run('gru4rec', encoder, settings, { samplingPower: 0.5 });
}

function run(
  name: string,
  encoder: object,
  { width: _, layers: __, dropout: ___, lr = 0.001, sampledItems, ...training }: NextItemSettings,
  further: object = {},
): RunConfig {
  return {
    name,
    agent: { type: 'ce', lr, loss: 'sampled-softmax', sampledItems, ...further, encoder },
    train: { sampler: { type: 'sequences', buckets: true }, ...training },
  };
}
