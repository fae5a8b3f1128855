// A language model behind an OpenAI-compatible endpoint rates items that users might like: first the estimated cost, then
// a few rows, and how often it prefers the items that users chose. Needs an endpoint:
// node main.ts http://localhost:11434/v1 llama3.1:8b
import { createWorld, splitByUser } from '@lea/data';
import { promptedModel } from '@lea/env';
import { rewardAccuracy } from '@lea/eval';

export async function main(url: string, name: string, cacheDir = 'ratings'): Promise<string[]> {
  const { itemTexts, interactions } = createWorld({ users: 100, items: 50 });
  const { train, test } = splitByUser(interactions, { seed: 0 });
  // #region model
  const model = promptedModel({
    url,
    model: name,
    apiKey: process.env.API_KEY,
    texts: itemTexts.texts,
    template: 'The user has looked at, oldest first: {history}. Would the user like {action}?',
    cacheDir,
    budget: { requests: 200, cost: 0.1 },
    prices: { prompt: 0.2, completion: 0.6 },
  });
  // #endregion model

  // #region rewards
  const windows = { items: Int32Array.of(3, 14), length: Int32Array.of(2), size: 1, window: 2 };
  const actions = Int32Array.of(15, 9, 26);
  const { requests, tokens, cost } = await model.forecast(windows, actions);
  const ratings = await model.rewards(windows, actions);
  const { rows, accuracyPopular } = await rewardAccuracy(model, test, { train, rows: 10 });
  // #endregion rewards
  return [
    `forecast: ${requests} requests, ${tokens} tokens, ${cost!.toFixed(6)}`,
    `ratings: ${[...ratings].join(', ')}`,
    `prefers what users did in ${(100 * accuracyPopular).toFixed(0)} % of ${rows} rows`,
    `spent: ${model.spent.requests} requests`,
  ];
}

if (import.meta.main) console.log((await main(process.argv[2]!, process.argv[3]!)).join('\n'));
