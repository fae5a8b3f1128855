import type { Scorer } from '@lea/data';
import {
  coOccurrence,
  ease,
  type GramInverse,
  gramInverse,
  itemKnn,
  lastItemMarkov,
  popularity,
  repeatHistory,
  sequentialRules,
  sknn,
  stan,
  type TextNearness,
  textNearness,
  textSimilarity,
  vsknn,
} from '@lea/eval';
import { definedBaseline } from '../config/defined.ts';
import type { CountedBaseline } from '../config/schema.ts';
import type { Context } from './context.ts';

/** Makes scorers of baselines, counted on the train rows. Those of EASE with the same lambda share the solved system. */
export function createScorers({
  split,
  text,
  experiment,
  dataset,
}: Pick<Context, 'split' | 'text' | 'experiment' | 'dataset'>): (config: CountedBaseline) => Scorer {
  const { train } = split;
  const { window } = experiment;
  let solved: { readonly lambda: number | undefined; readonly inverse: GramInverse } | undefined;
  const inverse = (lambda: number | undefined): GramInverse => {
    if (solved && solved.lambda === lambda) return solved.inverse;
    // Before the next is made, as each may take hundreds of megabytes.
    solved = undefined;
    solved = { lambda, inverse: gramInverse(train, lambda) };
    return solved.inverse;
  };
  let near: TextNearness | undefined;
  const nearness = () => {
    near ??= textNearness(text());
    return near;
  };
  return (config) => {
    const defined = definedBaseline(config);
    if (defined) return defined.factory(train, defined.options, { window, texts: dataset.itemTexts?.texts });
    switch (config.type) {
      case 'popularity':
        return popularity(train);
      case 'repeat-history':
        return repeatHistory(train, { window });
      case 'last-item-markov':
        return lastItemMarkov(train);
      case 'sequential-rules':
        return sequentialRules(train, constantsOf(config));
      case 'text-similarity':
        return textSimilarity(train, text(), { window });
      case 'co-occurrence':
        return coOccurrence(train, { window, ...constantsOf(config), text: config.text ? nearness() : null });
      case 'item-knn':
        return itemKnn(train, { window, ...constantsOf(config) });
      case 'sknn':
        return sknn(train, { window, ...constantsOf(config) });
      case 'vsknn':
        return vsknn(train, { window, ...constantsOf(config) });
      case 'stan':
        return stan(train, { window, ...constantsOf(config) });
      case 'ease':
        return ease(train, { window, ...constantsOf(config), regularization: inverse(config.regularization) });
    }
  };
}

function constantsOf<C extends CountedBaseline>({ type: _, name: __, ...constants }: C): Omit<C, 'type' | 'name'> {
  return constants;
}
