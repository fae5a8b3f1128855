// A pretrained decoder as the environment: item tokens from its own words, then LoRA on logged histories.
// node main.ts models/qwen3 Qwen/Qwen3-0.6B    (without the second argument the files must be in the folder already)
import { createWorld, splitByUser } from '@lea/data';
import {
  downloadLanguageModel,
  drawExamples,
  fitEnvironment,
  learnItemTokens,
  likelihoodRewards,
  loadLanguageModel,
} from '@lea/env';
import { fidelity } from '@lea/eval';

export async function main(dir: string, id?: string, epochs = 3): Promise<string[]> {
  const { itemTexts, interactions } = createWorld({ users: 150, items: 40, tastes: 6 });
  const { train, validation, test } = splitByUser(interactions, { seed: 0 });
  if (id) {
    // #region download
    for await (const { file, done, total } of downloadLanguageModel(id, { dir })) console.error(file, done, total);
    // #endregion download
  }
  // #region fit
  const languageModel = await loadLanguageModel(dir);
  const { vectors, perplexity } = await learnItemTokens(languageModel, itemTexts.texts);
  const adaptation = { rank: 8, alpha: 16 };
  const env = await fitEnvironment({ train, validation, tokens: vectors, languageModel, adaptation, epochs });
  // #endregion fit
  const { accuracyUniform } = await fidelity(env, test, { train, validation });
  await env.dispose();
  // #region likelihood
  const examples = drawExamples(train, { count: 4 }); // without examples: zero-shot
  await using unfitted = likelihoodRewards(languageModel, itemTexts.texts, { examples });
  const known = await fidelity(unfitted, test, { train, sample: 50 }); // 50 decisions, drawn by the seed
  // #endregion likelihood
  return [
    `perplexity of the items' texts: ${perplexity.none.toFixed(1)}, with their tokens ${perplexity.own.toFixed(1)}`,
    `prefers what users did in ${(100 * accuracyUniform).toFixed(0)} % of rows`,
    `without a fit in ${(100 * known.accuracyUniform).toFixed(0)} % of comparisons`,
  ];
}

if (import.meta.main) console.log((await main(process.argv[2]!, process.argv[3])).join('\n'));
