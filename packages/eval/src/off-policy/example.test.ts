// The code of docs/off-policy.md.
// #region start
import { fold, key, uniform } from '@lea/core';
import {
  describeSupport,
  fitRewards,
  offPolicyDifference,
  offPolicyValue,
  tablePolicy,
  uniformPolicy,
} from '@lea/eval/off-policy';
// #endregion start
import { expect, it } from 'vitest';

it('the page shows what comes out', async () => {
  // #region estimate
  // 2,000 rounds of three actions; the log shows the first one half of the time.
  const shown = [0.5, 0.25, 0.25];
  const draw = uniform(fold(key(2), 'rounds'), 4000);
  const action = Array.from({ length: 2000 }, (_, i) => (draw[i]! < 0.5 ? 0 : draw[i]! < 0.75 ? 1 : 2));
  const reward = action.map((a, i) => (draw[2000 + i]! < [0.1, 0.2, 0.4][a]! ? 1 : 0));
  const log = { actions: 3, action, reward, propensity: action.map((a) => shown[a]!) };

  const mostlyLast = tablePolicy(
    'mostly the last',
    3,
    action.flatMap(() => [0.1, 0.1, 0.8]),
  );
  const support = await describeSupport(log, mostlyLast); // { answerable: true, effectiveSize: 758, ... }

  const options = { estimator: 'dr', model: fitRewards(log) } as const;
  const ours = await offPolicyValue(log, mostlyLast, options); // value 0.340; the truth is 0.35
  const gain = await offPolicyDifference(log, mostlyLast, uniformPolicy(3), options); // the truth is 0.117
  // #endregion estimate
  expect(support).toMatchObject({ answerable: true, effectiveSize: expect.closeTo(757.5, 1) });
  expect(ours.value).toBeCloseTo(0.3397, 4);
  expect(ours.interval[0]).toBeLessThan(0.35);
  expect(ours.interval[1]).toBeGreaterThan(0.35);
  expect(gain.interval[0]).toBeLessThan(0.35 - 0.7 / 3);
  expect(gain.interval[1]).toBeGreaterThan(0.35 - 0.7 / 3);
});
