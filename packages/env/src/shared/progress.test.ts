import { expect, test } from 'vitest';
import { finish, type Progress, withStages } from './progress.ts';

test('stages get other names; work that is cut ends at once', async () => {
  let freed = 0;
  async function* work(): AsyncGenerator<Progress, string> {
    try {
      yield { stage: 'one', step: 1, total: 2 };
      yield { stage: 'two', step: 2, total: 2 };
      return 'done';
    } finally {
      freed++;
    }
  }
  const steps: Progress[] = [];
  const named = () => withStages(work(), (stage) => `${stage}!`);
  expect(await finish(named(), (step) => void steps.push(step))).toBe('done');
  expect(steps).toEqual([
    { stage: 'one!', step: 1, total: 2 },
    { stage: 'two!', step: 2, total: 2 },
  ]);
  const cut = named();
  await cut.next();
  await cut.return('');
  expect(freed).toBe(2);
});
