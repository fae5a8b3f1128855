import type { RunConfig } from '../schema.ts';

/** Sizes and training of the networks of a data set, chosen on validation. */
export interface NextItemSettings {
  readonly width: number;
  readonly layers: number;
  readonly dropout: number;
  readonly lr: number;
  /** Items drawn per step for the sampled softmax. */
  readonly sampledItems: number;
  /** Windows per step. */
  readonly batch: number;
  readonly evaluateEvery: number;
  readonly patience: number;
  readonly maxSteps: number;
}

/**
 * The network of the SASRec paper and its modern form, both with sampled softmax, weights shared with the item table and whole
 * histories as rows, as studies after the paper train it.
 */
export function nextItemRuns({ width, layers, dropout, lr, sampledItems, ...training }: NextItemSettings): RunConfig[] {
  const agent = (encoder: object): RunConfig['agent'] => ({
    type: 'ce',
    lr,
    loss: 'sampled-softmax',
    sampledItems,
    encoder,
  });
  const train: RunConfig['train'] = { sampler: { type: 'sequences' }, ...training };
  const shared = { width, layers, dropout, tied: true, everyPosition: true };
  return [
    { name: 'sasrec', agent: agent({ type: 'sasrec', ...shared, heads: 1, positions: 'recency' }), train },
    { name: 'sasrec-modern', agent: agent({ type: 'sasrec-modern', ...shared, heads: 2 }), train },
  ];
}
