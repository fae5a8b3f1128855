import { resource } from '@lea/core';
import { interpret, mapValues, row, stacked } from '../interpret.ts';
import type { PairFeed, PairResult, PairRunner, PairSpecs, Program, Values } from '../types.ts';
import { partnerSpecs } from './specs.ts';
import { checkPairFeed } from './turns.ts';

/** Prepares a program with two networks to run eagerly. @throws LeaError as `interpret` */
export async function interpretPair(program: Program, specs: PairSpecs, backend: string): Promise<PairRunner> {
  const frozen = { ...specs.frozen, ...partnerSpecs(specs) };
  const runner = await interpret(program, { ...specs, frozen }, { backend, mode: 'direct' });

  async function run(feed: PairFeed): Promise<PairResult> {
    checkPairFeed(specs, feed);
    const turns = Array.from(feed.turns);
    const states: [Values, Values] = [...feed.states];
    const outputs: Values[] = [];
    for (const [step, turn] of turns.entries()) {
      const other = states[1 - turn]!;
      const result = await runner.run({
        state: states[turn]!,
        inputs: mapValues(feed.inputs, (value) => row(value, step, turns.length)),
        frozen: { ...feed.frozen, ...mapValues(specs.partner, (of) => other[of]!) },
      });
      states[turn] = result.state;
      outputs.push(result.outputs);
    }
    return { states, outputs: stacked(outputs) };
  }

  return { run, ...resource(runner.dispose), info: runner.info };
}
