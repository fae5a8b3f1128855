// From events.csv in the current folder, as sample.ts writes it, to the value of a policy by the log of the users' own choices.
// #region off-policy
import { ce, countingMemory, sasrec } from '@lea/agents';
import { splitByUser } from '@lea/data';
import { readInteractions } from '@lea/data/node';
import { describeSupport, feedbackOf, fitBehavior, offPolicyValue, softmaxPolicy } from '@lea/eval/off-policy';
import { fit } from '@lea/train';

const log = await readInteractions('events.csv', {
  columns: { user: 'visitor', item: 'sku', time: 'at', kind: 'event' },
  kinds: { view: 'click', transaction: 'purchase', search: null },
});
const { train, validation, test } = splitByUser(log, { seed: 0 });
const rewards = { click: 0.2, purchase: 1 };
const { policy } = await fit({
  agent: ce({ encoder: sasrec({ width: 32 }) }),
  train,
  validation,
  rewards,
  maxSteps: 400,
});

// The behavior policy: how probable the logged choices were, by a model that predicts them.
const behavior = await fitBehavior(await countingMemory(train), validation);
const feedback = await feedbackOf(test, behavior.policy, rewards);
const mean = Array.from(feedback.reward).reduce((sum, reward) => sum + reward, 0) / feedback.reward.length;
console.log(`the log: ${mean.toFixed(3)} per event`);

// The evaluated policy draws items by the softmax of the scores, at the temperature that fits validation best.
const { temperature } = await fitBehavior(policy, validation);
const evaluated = softmaxPolicy(policy, { temperature });
const options = { behavior: behavior.policy };
const { answerable, effectiveSize, meanWeight, reasons } = await describeSupport(feedback, evaluated, options);
console.log(
  `answerable: ${answerable}, effective size ${effectiveSize.toFixed(0)}, mean weight ${meanWeight.toFixed(2)}`,
);
if (answerable) {
  const { value, interval } = await offPolicyValue(feedback, evaluated, options);
  console.log(`the policy: ${value.toFixed(3)} per event, from ${interval[0].toFixed(3)} to ${interval[1].toFixed(3)}`);
} else console.log(reasons.join('\n'));
await policy.dispose();
// #endregion off-policy
