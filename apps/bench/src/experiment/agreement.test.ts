import { createWorld, splitByUser, type Windows } from '@lea/data';
import { expect, test } from 'vitest';
import { agreementOf } from './agreement.ts';

const world = createWorld({ users: 60, items: 30 });
const { test: held } = splitByUser(world.interactions);

/** A model that knows the world and reads this many events. */
function knowing(window: number, sign = 1) {
  const asked: Windows[] = [];
  const rewards = async (windows: Windows, actions: Int32Array): Promise<Float32Array> => {
    asked.push(windows);
    const candidates = actions.length / windows.size;
    return Float32Array.from(actions, (item, i) => {
      const row = Math.floor(i / candidates);
      const history = windows.items.subarray(row * windows.window, row * windows.window + windows.length[row]!);
      return sign * world.reward(history)[item]!;
    });
  };
  return { window, rewards, asked };
}

test('a model is given as much of a history as it reads', async () => {
  const [all, one] = [knowing(100), knowing(1)];
  const agreed = await agreementOf(all, world, held);
  expect(all.asked.map(({ window }) => window)).toEqual([100]);
  expect(agreed.spearman).toBeCloseTo(1, 6);
  expect(agreed.pairwiseAccuracy).toBeGreaterThan(0.999);
  expect((await agreementOf(knowing(100, -1), world, held)).spearman).toBeCloseTo(-1, 6);
  expect((await agreementOf(one, world, held)).spearman).toBeLessThan(0.95);
  expect(one.asked.map(({ window }) => window)).toEqual([1]);
});
