// A policy from training to a file that any ONNX Runtime reads; `recommend.py` and `recommend.js` read it.
import { join } from 'node:path';
import { exportOnnx, loadPolicy, sasrec, snqn } from '@lea/agents';
import { createWorld, rewardsOf, splitByUser } from '@lea/data';
import { fit } from '@lea/train';

export async function main(folder = 'policy'): Promise<string[]> {
  const { interactions } = createWorld({ users: 200, items: 60 });
  const { train, validation } = splitByUser(interactions, { seed: 0 });
  const rewards = rewardsOf(interactions.kinds, { click: 0.2, purchase: 1 });
  const agent = snqn({ encoder: sasrec({ size: 32 }) });
  const trained = await fit({ agent, train, validation, rewards, batch: 128, maxSteps: 100 });
  // #region save
  await trained.policy.save(folder);
  await trained.policy.dispose();
  // #endregion save

  // #region recommend
  const policy = await loadPolicy(folder);
  const queries = [{ history: ['item-03', 'item-14'] }, { history: ['item-09'] }, { history: [] }];
  const lists = await policy.recommend(queries, 5, { exclude: 'seen' });
  // #endregion recommend
  // #region export
  await exportOnnx(policy, join(folder, 'policy.onnx'), { k: 10 });
  // #endregion export
  await policy.dispose();
  return lists.map((list, row) => `after [${queries[row]!.history}]: ${list.map(({ id }) => id).join(', ')}`);
}

if (import.meta.main) console.log((await main()).join('\n'));
