import { createWorld, splitByUser } from '@lea/data';
import { ease, evaluate, popularity } from '@lea/eval';

/** Metrics of baselines on a synthetic log, with the protocol and its hash of the data. */
export async function evaluations(): Promise<object> {
  const { interactions } = createWorld({ seed: 0, users: 300, items: 200 });
  const { train, test } = splitByUser(interactions, { seed: 0 });
  const judged = [await evaluate(popularity(train), test), await evaluate(ease(train), test)];
  return judged.map(({ metrics, protocol }) => ({ metrics, protocol }));
}
