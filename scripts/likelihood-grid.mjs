// Compares options of likelihoodRewards on a sample of the validation decisions of Industrial:
// node --conditions=@lea/source scripts/likelihood-grid.mjs DATA MODEL

import { loadExperiment } from '../apps/bench/src/config/load.ts';
import { prepareData } from '../apps/bench/src/experiment/prepare.ts';
import { fold, key, permutation } from '../packages/core/src/index.ts';
import { transitions } from '../packages/data/src/index.ts';
import { drawExamples, likelihoodRewards, loadLanguageModel } from '../packages/env/src/index.ts';
import { rewardAccuracy } from '../packages/eval/src/index.ts';

const DECISIONS = 120;
const GRID = [{ window: 3 }, { window: 10 }, { window: 3, count: 4 }];

const [data, model] = process.argv.slice(2);
const { split, dataset } = await prepareData(await loadExperiment('industrial'), data);
const { train, validation } = split;
const drawn = permutation(fold(key(0), 'grid'), validation.count).subarray(0, DECISIONS);
const events = new Set(drawn.map((row) => validation.event[row]));
const rows = transitions(validation.sequences, (event) => events.has(event));
const languageModel = await loadLanguageModel(model);
for (const { window, count } of GRID) {
  for (const subtract of ['nothing', 'prior']) {
    const examples = count && drawExamples(train, { count });
    await using rewards = likelihoodRewards(languageModel, dataset.itemTexts.texts, { window, subtract, examples });
    const { accuracyUniform, accuracyPopular } = await rewardAccuracy(rewards, rows, { train, draws: 2 });
    console.log({ window, examples: count ?? 0, subtract, accuracyUniform, accuracyPopular });
  }
}
