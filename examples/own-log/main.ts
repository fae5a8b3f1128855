// From events.csv in the current folder, as sample.ts writes it, to a policy on disk that recommends.
// #region imports
import { ce, loadPolicy, sasrec } from '@lea/agents';
import { splitByUser } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { evaluate, popularity } from '@lea/eval';
import { fit } from '@lea/train';

// #endregion imports

// #region read
const interactions = await readInteractions('events.csv', {
  columns: { user: 'visitor', item: 'sku', time: 'at', kind: 'event' },
  kinds: { view: 'click', transaction: 'purchase', search: null },
});
// #endregion read
// #region split
const { train, validation, test } = splitByUser(interactions, { stable: true });
// #endregion split
// #region train
const { policy, best } = await fit({
  agent: ce({ encoder: sasrec({ width: 32 }) }),
  train,
  validation,
  rewards: { click: 0.2, purchase: 1 },
  batch: 128,
});
console.log(`best validation after ${best?.step} steps`);
// #endregion train
// #region save
await policy.save('policy');
await policy.dispose();

const served = await loadPolicy('policy');
// #endregion save
// #region evaluate
const [result, baseline] = [await evaluate(served, test), await evaluate(popularity(train), test)];
console.log('SASRec NDCG@10', result.metrics['ndcg@10'], 'popularity NDCG@10', baseline.metrics['ndcg@10']);
// #endregion evaluate
// #region recommend
const history = [...interactions.item.subarray(0, 5)].map((item) => interactions.itemIds[item]!);
console.log('after', history, await served.recommend({ history }, 3, { exclude: 'seen' }));
// #endregion recommend
// #region retrain
const newer = splitByUser(interactions, { stable: true }); // tonight's log, with the options of yesterday
const tonight = await fit({
  agent: ce({ encoder: sasrec({ width: 32 }) }), // as before
  init: served,
  train: newer.train,
  validation: newer.validation,
  rewards: { click: 0.2, purchase: 1 },
  batch: 128,
});
console.log(tonight.init); // items kept, added and removed
await tonight.policy.save('policy');
// #endregion retrain
await Promise.all([served.dispose(), tonight.policy.dispose()]);
