import { resource } from '@lea/core';
import { interpret } from '../interpret.ts';
import type { PairFeed, PairResult, PairRunner, PairSpecs, Program, Value, Values } from '../types.ts';
import { arrayOf } from '../values.ts';
import { partnerSpecs } from './specs.ts';
import { checkPairFeed } from './turns.ts';

/** Prepares a program with two networks to run eagerly. @throws LeaError as `interpret` */
export async function interpretPair(program: Program, specs: PairSpecs, backend: string): Promise<PairRunner> {
  const frozen = { ...specs.frozen, ...partnerSpecs(specs) };
  const runner = await interpret(program, { ...specs, frozen }, { backend });

  async function run(feed: PairFeed): Promise<PairResult> {
    checkPairFeed(specs, feed);
    const states: [Values, Values] = [...feed.states];
    const outputs: Values[] = [];
    for (const [step, turn] of Array.from(feed.turns).entries()) {
      const other = states[1 - turn]!;
      const partner = Object.entries(specs.partner).map(([name, of]) => [name, other[of]!] as const);
      const result = await runner.run({
        state: states[turn]!,
        inputs: mapValues(feed.inputs, (value) => row(value, step)),
        frozen: { ...feed.frozen, ...Object.fromEntries(partner) },
      });
      states[turn] = result.state;
      outputs.push(result.outputs);
    }
    return { states, outputs: mapValues(outputs[0]!, (_, name) => stacked(outputs.map((each) => each[name]!))) };
  }

  return { run, ...resource(runner.dispose), info: runner.info };
}

function mapValues(values: Values, f: (value: Value, name: string) => Value): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, f(value, name)]));
}

/** [1, ...] of a value [K, ...]. */
function row({ dtype, shape, data }: Value, step: number): Value {
  const size = data.length / shape[0]!;
  return { dtype, shape: [1, ...shape.slice(1)], data: data.subarray(step * size, (step + 1) * size) };
}

/** Values [1, ...] on top of each other. */
function stacked(rows: readonly Value[]): Value {
  const { dtype, shape, data } = rows[0]!;
  const all = arrayOf(dtype, rows.length * data.length);
  for (const [step, each] of rows.entries()) all.set(each.data, step * data.length);
  return { dtype, shape: [rows.length, ...shape.slice(1)], data: all };
}
