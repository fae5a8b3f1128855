import type { Scores, Windows } from '@lea/data';
import { describe, expect, test } from 'vitest';
import { greedyActor } from './actors.ts';

const scoring = (score: (histories: Windows) => Scores) => ({ name: 'mine', items: 3, window: 2, score });
const moment = { size: 1, slate: 2, observations: new Float32Array(), histories: [[0]], episodes: [0], step: 0 };

describe('greedyActor', () => {
  test('tells scores in double precision apart', async () => {
    const actor = greedyActor(scoring(() => Float64Array.of(0, 1, 1 + 2 ** -40)));
    expect([...(await actor.act(moment))]).toEqual([2, 1]);
  });

  test('refuses scores that no choice can follow from, and names the scorer', async () => {
    const nan = greedyActor(scoring(() => Float32Array.of(0, Number.NaN, 1)));
    await expect(nan.act(moment)).rejects.toThrow('mine returned NaN for item 1');
    const few = greedyActor(scoring(() => Float32Array.of(0, 1)));
    await expect(few.act(moment)).rejects.toMatchObject({ code: 'E_SCORE_SHAPE' });
  });
});
