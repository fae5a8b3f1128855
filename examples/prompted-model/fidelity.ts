// How often a prompted model prefers what users chose, on a sample of test decisions of Industrial and Scientific, in three
// ways to ask, beside two controls that cost nothing: node fidelity.ts URL MODEL DATA [DECISIONS] [WAY]
import { fold, key, permutation } from '@lea/core';
import { type Dataset, splitByUser, type Transitions, transitions } from '@lea/data';
import { loadIndustrial } from '@lea/data/node';
import { type PromptedModelOptions, promptedModel } from '@lea/env';
import { clusteredMean, coOccurrence, type FidelitySubject, fidelity, textSimilarity, tfidfVectors } from '@lea/eval';

// #region json
/** Makes llama.cpp, vLLM, Ollama and OpenAI keep to the form of a rating. */
const jsonRating = {
  type: 'json_schema',
  json_schema: {
    name: 'rating',
    strict: true,
    schema: {
      type: 'object',
      properties: { rating: { type: 'number', minimum: 0, maximum: 10 } },
      required: ['rating'],
      additionalProperties: false,
    },
  },
};
// #endregion json

// #region ways
const WAYS: Readonly<Record<string, Partial<PromptedModelOptions>>> = {
  'rating, text': { parameters: { response_format: jsonRating } },
  'rating, logprobs': { answer: 'logprobs' },
  'choice, logprobs': { question: 'choice', answer: 'logprobs' },
};
// #endregion ways

export async function* main(
  url: string,
  name: string,
  { interactions, itemTexts: { texts } }: Omit<Dataset, 'name'>,
  decisions = 100,
  ways: readonly string[] = Object.keys(WAYS),
  cacheDir = 'ratings',
): AsyncGenerator<string> {
  const { train, test } = splitByUser(interactions, { seed: 0 });
  const sample = sampleOf(test, decisions);
  const measure = async (subject: FidelitySubject): Promise<string> => {
    const { perRow, missing } = await fidelity(subject, sample, { train, draws: 1 });
    const [random, popular] = [perRow.accuracyUniform, perRow.accuracyPopular].map((share) => {
      const known = share.map((_, row) => row).filter((row) => !Number.isNaN(share[row]));
      const { value, standardError } = clusteredMean(
        Float64Array.from(known, (row) => share[row]!),
        Int32Array.from(known, (row) => perRow.user[row]!),
      );
      return `${(100 * value).toFixed(1)} ± ${(100 * standardError).toFixed(1)} %`;
    });
    return `random ${random}, popular ${popular}, missing ${missing}`;
  };
  for (const way of ways) {
    const model = promptedModel({
      url,
      model: name,
      texts,
      window: 5,
      textLength: 60,
      cacheDir,
      // A model on a CPU answers one request at a time, and may be slow.
      concurrency: 1,
      timeout: 600_000,
      wrongAnswer: 'missing',
      ...WAYS[way],
    });
    const started = performance.now();
    const found = await measure(model);
    const { requests, tokens } = model.spent;
    yield `${way}: ${found}; ${requests} requests, ${tokens} tokens, ${Math.round((performance.now() - started) / 1000)} s`;
  }
  const text = tfidfVectors(texts);
  yield `text similarity: ${await measure(textSimilarity(train, text))}`;
  yield `co-occurrence + text: ${await measure(coOccurrence(train, { text }))}`;
}

/** Decisions drawn by a seed. */
function sampleOf(test: Transitions, decisions: number): Transitions {
  const drawn = permutation(fold(key(0), 'decisions'), test.count).subarray(0, decisions);
  const events = new Set(Array.from(drawn, (row) => test.event[row]!));
  return transitions(test.sequences, (event) => events.has(event));
}

if (import.meta.main) {
  const [url, name, data, decisions, ...ways] = process.argv.slice(2);
  const chosen = ways.length > 0 ? ways : undefined;
  const lines = main(url!, name!, await loadIndustrial(data!), decisions ? Number(decisions) : undefined, chosen);
  for await (const line of lines) console.log(line);
}
