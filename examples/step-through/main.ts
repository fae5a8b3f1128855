// Compares policies by the reward they earn in complete episodes with the users of a synthetic shop.
// #region imports
import { sasrec, snqn } from '@lea/agents';
import { createWorld, splitByUser } from '@lea/data';
import { checkEnvironment, greedyActor, rollout, stepEnvironment, uniformActor } from '@lea/env';
import { lastItemMarkov, popularity } from '@lea/eval';
import { fit } from '@lea/train';

// #endregion imports

export async function main(size = { users: 1000, items: 200 }, maxSteps?: number): Promise<string[]> {
  // #region train
  const world = createWorld(size);
  const { train, validation, test } = splitByUser(world.interactions, { seed: 0 });
  const rewards = { click: 0.2, purchase: 1 };
  const { policy } = await fit({ agent: snqn({ encoder: sasrec() }), train, validation, rewards, maxSteps });
  // #endregion train

  // #region rollout
  const env = await stepEnvironment(world, { start: test, horizon: 10, patience: 3 });
  const problems = await checkEnvironment(env); // none; see what it says of an environment of yours

  const scorers = [popularity(train), lastItemMarkov(train), { ...policy, name: 'SASRec-SNQN' }];
  const actors = [uniformActor(size.items), ...scorers.map((scorer) => greedyActor(scorer, { exclude: 'seen' }))];
  const lines = problems.map(({ message }) => message);
  for (const actor of actors) {
    const played = await rollout(env, actor, { episodes: 300 });
    const { mean, standardError } = played.return;
    const steps = `${played.length.mean.toFixed(1)} steps`;
    lines.push(`${actor.name.padEnd(16)} return ${mean.toFixed(2)} (± ${standardError.toFixed(2)}), ${steps}`);
  }
  // #endregion rollout
  await policy.dispose();
  return lines;
}

if (import.meta.main) console.log((await main()).join('\n'));
