// LEA in one file: a language model trained on the item texts becomes the environment, annotates the log once, and a
// lean recommender learns from the log and the annotation. At serving time only the recommender is left.
// #region imports
import { sasrec, snqn } from '@lea/agents';
import { createWorld, splitByUser } from '@lea/data';
import { annotate, catalogModel, fitEnvironment, learnItemTokens } from '@lea/env';
import { compare, compareSeeds, type Evaluation, ease, evaluate } from '@lea/eval';
import { fit, leaSignals } from '@lea/train';

// #endregion imports

interface Result {
  /** The difference that LEA makes with one seed. */
  readonly first: { difference: number; interval: readonly number[]; users: number };
  /** A row per comparison over all seeds. */
  readonly table: Record<string, string | number>[];
}

export async function main(
  size = { users: 1000, items: 300 },
  seeds: number[] = [0, 1, 2],
  maxSteps: number = Number.POSITIVE_INFINITY,
): Promise<Result> {
  // #region data
  const { interactions, itemTexts } = createWorld(size);
  const { train, validation, test } = splitByUser(interactions, { seed: 0 });
  const rewards = { click: 0.2, purchase: 1 };
  // #endregion data

  // #region environment
  const languageModel = await catalogModel(itemTexts.texts);
  const { vectors: tokens } = await learnItemTokens(languageModel, itemTexts.texts);
  const environment = await fitEnvironment({ train, validation, tokens, languageModel });
  // #endregion environment
  // #region annotate
  const annotating = annotate(environment, train);
  for await (const { done, total, unit } of annotating) console.error(`annotated ${done} of ${total} ${unit}`);
  const annotation = await annotating;
  await environment.dispose();
  // #endregion annotate

  // #region train
  const agent = snqn({ encoder: sasrec() });
  const plain = await fit({ agent, train, validation, rewards, maxSteps });
  const signals = leaSignals(annotation, train, { rewards });
  const lea = await fit({ agent, train, validation, rewards, signals, maxSteps });
  // #endregion train

  // #region compare
  const [before, after] = [await evaluate(plain.policy, test), await evaluate(lea.policy, test)];
  await Promise.all([plain.policy.dispose(), lea.policy.dispose()]);
  const { difference, interval, users } = compare(after, before, { metric: 'ndcg@10' });
  // #endregion compare

  // #region controls
  async function signalsOf(seed: number) {
    const annotationOf = async (items: { tokens: typeof tokens } | { itemInput: 'id' }) => {
      const fitted = await fitEnvironment({ train, validation, languageModel, seed, ...items });
      const annotated = await annotate(fitted, train);
      await fitted.dispose();
      return annotated;
    };
    const [texts, ids] = [await annotationOf({ tokens }), await annotationOf({ itemInput: 'id' })];
    return {
      plain: undefined,
      LEA: leaSignals(texts, train, { rewards }),
      'ids only': leaSignals(ids, train, { rewards }),
      'random positives': leaSignals(texts, train, { rewards, ablation: 'random-positives', seed }),
      'shuffled rewards': leaSignals(texts, train, { rewards, ablation: 'shuffled-rewards', seed }),
    };
  }
  // #endregion controls

  // #region seeds
  const runs: Record<string, Evaluation[]> = {};
  for (const seed of seeds) {
    for (const [name, given] of Object.entries(await signalsOf(seed))) {
      const { policy } = await fit({ agent, train, validation, rewards, signals: given, seed, maxSteps });
      runs[name] = [...(runs[name] ?? []), await evaluate(policy, test)];
      await policy.dispose();
    }
  }
  const baseline = await evaluate(ease(train), test);
  // #endregion seeds

  // #region table
  const { LEA = [], ...others } = { ...runs, EASE: seeds.map(() => baseline) }; // EASE has no random numbers
  const range = (interval: readonly number[]) => interval.map((bound) => bound.toFixed(3)).join(' to ');
  const table = Object.entries(others).map(([name, other]) => {
    const overUsers = compare(LEA, other, { metric: 'ndcg@10' });
    const overSeeds = compareSeeds(LEA, other, { metric: 'ndcg@10' });
    return {
      'LEA minus': name,
      difference: overUsers.difference.toFixed(4),
      'over users': range(overUsers.interval),
      'over seeds': overSeeds.seeds > 1 ? range(overSeeds.interval) : 'needs 2 seeds',
      users: overUsers.users,
      seeds: overSeeds.seeds,
    };
  });
  // #endregion table
  return { first: { difference, interval, users }, table };
}

if (import.meta.main) {
  const { first, table } = await main();
  console.log(first.difference, first.interval, first.users);
  console.table(table);
}
