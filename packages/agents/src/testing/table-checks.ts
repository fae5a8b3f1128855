import type { Value, Values } from '@lea/tensor';
import { grownAxes } from '../item-params.ts';
import type { TableReach } from '../types.ts';
import { type AgentContext, batchFor, type Guidance, guidances } from './agent-context.ts';
import { decisions } from './decisions.ts';
import { lossPass, type Pass } from './passes.ts';
import { distance, perturbed } from './tensors.ts';
import { violation } from './violation.ts';

/** `itemTables` lists all parameters with one row per item, and the rows of them that sampled training reads. */
export function tables(context: AgentContext): void {
  const { agent, shape } = context;
  const moved = grownAxes(context.init(1), context.init(1, shape.items + 1));
  for (const [name, axes] of Object.entries(moved)) {
    if (!axes.includes(0) || name in agent.itemTables) continue;
    const hint = `Add it for training with sampled items: itemTables: { ...parts.itemTables, '${name}': 'choices' }.`;
    throw violation(`"${name}" has one row per item, but itemTables does not list it.`, hint, agent.itemTables);
  }
  for (const name of Object.keys(agent.itemTables)) {
    if (moved[name]?.includes(0)) continue;
    throw violation(
      `itemTables lists "${name}", which does not have one row per item.`,
      'Correct or remove the entry.',
    );
  }
  if (!agent.sampling) return;
  const across = Object.keys(moved).find((name) => moved[name]!.some((axis) => axis > 0));
  if (across) {
    const hint = 'Training with sampled items loads only the rows of a batch. Make items the first dimension.';
    throw violation(`"${across}" grows with the items in a dimension other than the first.`, hint);
  }
  for (const guidance of guidances) reach(context, guidance);
}

/** The result of a step must not depend on rows that it does not load, in either network. */
function reach(context: AgentContext, guidance: Guidance): void {
  const { agent } = context;
  const [params, target] = [perturbed(context.init(1)), perturbed(context.init(2))];
  const batch = lowDraws(batchFor(context, decisions, 0, guidance));
  for (const phase of agent.phases) {
    const before = lossPass(context, phase, { params, target, batch });
    for (const [name, of] of Object.entries(agent.itemTables)) {
      for (const by of [3, -3]) {
        const other = (network: Values) => ({ ...network, [name]: shifted(network[name]!, held(of, batch), by) });
        const after = lossPass(context, phase, { params: other(params), target: other(target), batch });
        if (difference(before, after) < 1e-5) continue;
        throw violation(
          `With sampled items the loss reads rows of "${name}" that its reach "${of}" does not load (phase "${phase.name}").`,
          of === 'choices'
            ? 'Declare it as "batch" if it is also read at histories. Read Q values at batch.candidates, never at all items.'
            : 'Read it only at ids of the batch and at batch.candidates, never at all items.',
        );
      }
    }
  }
}

/** Restricts drawn items to the first six, so that some items are not in the batch. */
function lowDraws(batch: Values): Values {
  const low = (name: string) =>
    batch[name] && { [name]: { ...batch[name], data: Int32Array.from(batch[name].data, (item) => item % 6) } };
  return { ...batch, ...low('candidates'), ...low('targets') };
}

/** The ids whose rows a step loads; those of histories include the padding id. */
function held(of: TableReach, batch: Values): Set<number> {
  const choices = ['action', 'targets', 'candidates'];
  const names = of === 'choices' ? choices : [...choices, 'items', 'nextItems'];
  return new Set(names.flatMap((name) => Array.from(batch[name]?.data ?? [])));
}

function shifted(table: Value, kept: Set<number>, by: number): Value {
  const width = table.data.length / table.shape[0]!;
  const data = Float32Array.from(table.data, (x, i) => (kept.has(Math.floor(i / width)) ? x : x + by));
  return { ...table, data } as Value;
}

function difference(a: Pass, b: Pass): number {
  return Math.max(
    distance(a.loss.data, b.loss.data),
    ...Object.keys(a.terms).map((name) => distance(a.terms[name]!.data, b.terms[name]!.data)),
  );
}
