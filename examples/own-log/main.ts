// From a CSV of events to a policy on disk that recommends.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// #region imports
import { ce, loadPolicy, sasrec } from '@lea/agents';
import { rewardsOf, splitByUser } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { evaluate, popularity } from '@lea/eval';
import { fit } from '@lea/train';
// #endregion imports
import { someEvents } from './events.ts';

export async function main(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'own-log-'));
  const [file, saved] = [join(folder, 'events.csv'), join(folder, 'policy')];
  await writeFile(file, someEvents());

  // #region read
  const interactions = await readInteractions(file, {
    columns: { user: 'customer', item: 'article', time: 'when', kind: 'what' },
  });
  // #endregion read
  // #region split
  const { train, validation, test } = splitByUser(interactions, { seed: 0 });
  // #endregion split
  // #region train
  const { policy, best } = await fit({
    agent: ce({ encoder: sasrec({ width: 32 }) }),
    train,
    validation,
    rewards: rewardsOf(interactions.kinds, { click: 0.2, purchase: 1 }),
    batch: 128,
  });
  // #endregion train
  // #region save
  await policy.save(saved);
  await policy.dispose();

  const served = await loadPolicy(saved);
  // #endregion save
  // #region evaluate
  const [result, baseline] = [await evaluate(served, test), await evaluate(popularity(train), test)];
  // #endregion evaluate
  // #region recommend
  const history = [...interactions.item.subarray(0, 5)].map((item) => interactions.itemIds[item]!);
  const recommended = await served.recommend({ history }, 3, { exclude: 'seen' });
  // #endregion recommend
  // #region retrain
  const newer = splitByUser(interactions, { seed: 1 }); // tonight's log
  const tonight = await fit({
    agent: ce({ encoder: sasrec({ width: 32 }) }), // as before
    init: served,
    train: newer.train,
    validation: newer.validation,
    rewards: rewardsOf(interactions.kinds, { click: 0.2, purchase: 1 }),
    batch: 128,
  });
  await tonight.policy.save(saved);
  // #endregion retrain
  await Promise.all([served.dispose(), tonight.policy.dispose()]);
  return [
    `best validation after ${best?.step} steps`,
    `SASRec     NDCG@10 ${result.metrics['ndcg@10']!.toFixed(4)}`,
    `popularity NDCG@10 ${baseline.metrics['ndcg@10']!.toFixed(4)}`,
    `after ${history.join(', ')}:`,
    ...recommended.map(({ id, score }) => `  ${id} (${score.toFixed(2)})`),
    `retrained: ${tonight.init!.kept} items kept, ${tonight.init!.added} added, ${tonight.init!.removed} removed`,
  ];
}

if (import.meta.main) console.log((await main()).join('\n'));
