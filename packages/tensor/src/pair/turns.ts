import { LeaError } from '@lea/core';
import type { PairFeed, PairSpecs } from '../types.ts';
import { checkValues } from '../values.ts';

/** Checks a feed against the specs. @throws LeaError `E_FEED` */
export function checkPairFeed({ state = {}, frozen = {}, inputs }: PairSpecs, feed: PairFeed): void {
  const turns = Array.from(feed.turns);
  const wrong = turns.findIndex((turn) => turn !== 0 && turn !== 1);
  if (turns.length === 0 || wrong >= 0) {
    throw new LeaError('E_FEED', 'turns must name a network for each of one or more steps: 0 or 1.', {
      value: turns.length === 0 ? turns : { step: wrong, turn: turns[wrong] },
    });
  }
  for (const [network, values] of feed.states.entries()) checkValues(`state of network ${network}`, state, values);
  checkValues('frozen tensors', frozen, feed.frozen ?? {});
  checkValues('inputs', inputs, feed.inputs, turns.length);
}

/** The numbers of steps [rounds, 2], flat: in each round network 0 does some steps and then network 1. */
export function turnLengths(turns: ArrayLike<number>): number[] {
  const lengths: number[] = [];
  for (let step = 0; step < turns.length; step++) {
    const turn = turns[step]!;
    const begins = step === 0 || (turn === 0 && turns[step - 1] === 1);
    if (begins) lengths.push(0, 0);
    lengths[lengths.length - 2 + turn]! += 1;
  }
  return lengths;
}
