import { createWorld, splitByUser } from '@lea/data';
import { type Fidelity, fidelity, finish, fitEnvironment } from '@lea/env';
import { popularity, tfidfVectors } from '@lea/eval';
import { expect, test } from 'vitest';
import { spoiltTokens } from './tokens.ts';

test('where items are many and users few, fidelity is there with the texts and gone without', async () => {
  const { catalog, interactions } = createWorld({ seed: 0, users: 150, items: 400, tastes: 6, meanLength: 30 });
  const { train, validation, test: held } = splitByUser(interactions, { seed: 0, fractions: [0.6, 0.1, 0.3] });
  const tokens = tfidfVectors(catalog.texts, { dimensions: 64 });
  const measured = async (spoil: 'nothing' | 'shuffled' | 'random'): Promise<Fidelity> => {
    const small = { window: 10, width: 32, layers: 1, dropout: 0.2, lr: 0.005, epochs: 16, patience: 16, threads: 1 };
    const env = await finish(
      fitEnvironment({ train, validation, tokens: spoiltTokens(tokens, spoil, 0), input: 'text', ...small }),
    );
    try {
      return await fidelity(env, held, { train });
    } finally {
      await env.dispose();
    }
  };
  const popular = await fidelity(popularity(train), held, { train });
  const texts = await measured('nothing');
  expect(texts.ndcg).toBeGreaterThan(1.2 * popular.ndcg);
  expect(texts.accuracyUniform).toBeGreaterThan(0.66);
  expect(texts.accuracyPopular).toBeGreaterThan(0.58);
  expect(Math.abs(popular.accuracyPopular - 0.5)).toBeLessThan(0.04);
  for (const spoil of ['shuffled', 'random'] as const) {
    const spoilt = await measured(spoil);
    expect(spoilt.ndcg, spoil).toBeLessThan(0.75 * texts.ndcg);
    expect(spoilt.accuracyPopular, spoil).toBeLessThan(0.57);
    expect(spoilt.accuracyPopular, spoil).toBeLessThan(texts.accuracyPopular - 0.06);
    expect(spoilt.accuracyUniform, spoil).toBeLessThan(texts.accuracyUniform);
  }
});
