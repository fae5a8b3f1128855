import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorld } from '@lea/data';
import { catalogModel, saveLanguageModel } from '@lea/env';
import { expect, it } from 'vitest';
import { main } from './main.ts';

it('runs as it stands, with any decoder in the layout of Hugging Face', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'decoder-'));
  const { itemTexts } = createWorld({ users: 150, items: 40, tastes: 6 });
  const languageModel = await catalogModel(itemTexts.texts);
  await saveLanguageModel(languageModel, dir);
  const [texts, rows, unfitted] = await main(dir, undefined, 1);
  const [none, own] = [...texts!.matchAll(/\d+\.\d/g)].map(Number);
  expect(own).toBeLessThan(none!);
  expect(rows).toMatch(/^prefers what users did in \d+ % of rows$/);
  expect(unfitted).toMatch(/^without a fit in \d+ % of comparisons$/);
  await rm(dir, { recursive: true });
});
