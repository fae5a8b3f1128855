import { pick, specsOf, type Values } from '@lea/tensor';
import type { Steps } from '../advance.ts';
import { slice } from '../batches.ts';
import type { RunState } from '../checkpoint.ts';
import { frozenFor, inputSpecs } from '../feeds.ts';
import { checkHealth } from '../health.ts';
import type { Plan } from '../options.ts';
import { phaseOf } from '../progress.ts';
import { prepare } from '../runtime.ts';
import { carried, copyDue, renewCopy } from '../state.ts';
import { tally } from '../tally.ts';
import { countUpdate, decaySpecs, decays } from './average.ts';
import { type CompactBatch, createCompactor } from './compact.ts';
import { lazyProgram } from './program.ts';
import { type Table, tablesOf, writeRows } from './tables.ts';

/**
 * Steps that touch only the rows of their batch, so that their cost does not grow with the catalogue. The tables stay in
 * the host's memory, where the runtime reads them; rows that had a gradient are written back, all others keep their values
 * and slots (lazy Adam: the count of steps in its bias correction is that of the run).
 */
export async function lazySteps(plan: Plan, run: RunState): Promise<Steps> {
  const { agent, shape } = plan;
  const phase = phaseOf(plan, run);
  const { phaseStart } = run.progress;
  const given = inputSpecs(plan);
  const compactor = createCompactor(given, shape.items);
  const [network] = run.networks;
  const tables = tablesOf(agent, specsOf(pick('params/', network!)), shape.items, compactor);
  const specs = {
    state: specsOf(dense(plan, tables, network!)),
    inputs: {
      ...given,
      rows: { dtype: 'int32' as const, shape: [compactor.size + 1] },
      ...decaySpecs(network!, tables),
    },
    frozen: specsOf(frozen(plan, tables, run.networks, 0)),
  };
  const runner = await prepare(plan, lazyProgram(agent, phase, tables, shape.items), specs, 'direct');
  const spares = new Map<number, Values>();

  function inputs({ inputs, rows, used }: CompactBatch, of: Values): Values {
    const value = { dtype: 'int32' as const, shape: [rows.length], data: rows };
    return { ...inputs, rows: value, ...decays(of, tables, { inputs, rows, used }, agent.tau) };
  }

  return {
    async advance(from, chunk) {
      const networks = [...from.networks];
      const sums = tally(from);
      const batchAt = (i: number) => compactor.compact(single(slice(chunk.inputs, i, i + 1)));
      let ahead = batchAt(0);
      for (let i = 0; i < chunk.steps; i++) {
        const batch = ahead;
        const main = chunk.trained[i]!;
        const before = networks[main]!;
        const state = dense(plan, tables, before);
        const reuse = spares.get(main);
        const running = runner.run({
          state,
          ...(reuse && { reuse }),
          inputs: inputs(batch, before),
          frozen: frozen(plan, tables, networks, main),
        });
        // The host prepares the next batch while the runtime computes.
        if (i + 1 < chunk.steps) ahead = batchAt(i + 1);
        const { state: next, outputs } = await running;
        const scalars = Object.fromEntries(Object.entries(outputs).filter(([, { shape: of }]) => of.length === 0));
        checkHealth(scalars, chunk.from + i, phase, plan);
        for (const table of tables) writeRows(before, table, batch, outputs);
        countUpdate(before, tables, batch, outputs);
        networks[main] = { ...before, ...next };
        spares.set(main, state);
        if (copyDue(plan, chunk.from + i + 1 - phaseStart)) renewCopy(networks[main]);
        sums.add(scalars);
      }
      return sums.close(networks);
    },
    dispose: () => runner.dispose(),
  };
}

/** What a step carries on as a whole: all but the tables and what is counted on the host. */
function dense(plan: Plan, tables: readonly Table[], network: Values): Values {
  const arrays = new Set(tables.flatMap((table) => table.arrays));
  return Object.fromEntries(
    Object.entries(carried(plan, network)).filter(([name]) => !arrays.has(name) && !name.startsWith('average/')),
  );
}

function frozen(plan: Plan, tables: readonly Table[], networks: readonly Values[], main: number): Values {
  const own = tables.flatMap(({ arrays }) => arrays.map((name) => [name, networks[main]![name]!] as const));
  return { ...frozenFor(plan, networks, main), ...Object.fromEntries(own) };
}

/** One step of stacked inputs, without the leading dimension. */
function single(inputs: Values): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, { ...value, shape: value.shape.slice(1) }]),
  );
}
