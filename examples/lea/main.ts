// LEA in one file: a language model trained on the item texts becomes the environment, annotates the log once, and a
// lean recommender learns from the log and the annotation. At serving time only the recommender is left.
// #region imports
import { sasrec, snqn } from '@lea/agents';
import { createWorld, splitByUser } from '@lea/data';
import { annotate, catalogModel, fitEnvironment, learnItemTokens } from '@lea/env';
import { compare, evaluate } from '@lea/eval';
import { fit, leaSignals } from '@lea/train';
// #endregion imports

export async function main(size = { users: 1000, items: 300 }): Promise<string[]> {
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
  const plain = await fit({ agent, train, validation, rewards });
  const signals = leaSignals(annotation, train, { rewards });
  const lea = await fit({ agent, train, validation, rewards, signals });
  // #endregion train

  // #region compare
  const [before, after] = [await evaluate(plain.policy, test), await evaluate(lea.policy, test)];
  await Promise.all([plain.policy.dispose(), lea.policy.dispose()]);
  const { difference, interval } = compare(after, before, { metric: 'ndcg@10' });
  // #endregion compare
  return [
    `SASRec-SNQN     NDCG@10 ${before.metrics['ndcg@10']!.toFixed(4)}`,
    `SASRec-SNQN-LEA NDCG@10 ${after.metrics['ndcg@10']!.toFixed(4)}`,
    `difference ${difference.toFixed(4)} (95 %: ${interval.map((x) => x.toFixed(4)).join(' to ')})`,
  ];
}

if (import.meta.main) console.log((await main()).join('\n'));
