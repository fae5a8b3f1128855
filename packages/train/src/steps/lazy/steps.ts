import { prefixed, prepare, specsOf, type Values } from '@lea/tensor';
import type { Plan } from '../../options.ts';
import { phaseOf } from '../../progress.ts';
import type { RunState } from '../../run-state.ts';
import { slice } from '../batches.ts';
import { frozenFor, inputSpecs } from '../feeds.ts';
import { checkHealth } from '../health.ts';
import { carried, copyDue, renewCopy } from '../state.ts';
import type { Steps } from '../steps.ts';
import { tally } from '../steps.ts';
import { narrowed, perWidth } from '../widths.ts';
import { countUpdate, decaySpecs, decays, markFollowed } from './average.ts';
import { createCompactor } from './compact.ts';
import { lazyProgram } from './program.ts';
import { changedPositions, renewCopies, separated, stored, tablesOf, writeRows } from './tables.ts';

/**
 * Steps that touch only the rows of their batch, so that their cost does not grow with the catalog. The tables stay in the
 * host's memory, where the runtime reads them. Rows with a gradient are written back; all others keep their values and slots
 * (lazy Adam: its bias correction uses the step count of the phase).
 */
export async function lazySteps(plan: Plan, run: RunState): Promise<Steps> {
  const { agent, shape } = plan;
  const phase = phaseOf(plan, run);
  const { phaseStart } = run.progress;
  /** The inputs of steps of a width, the numbering of their items, and the tables with as many rows as they may have. */
  const formOf = (width: number) => {
    const given = inputSpecs(plan, width);
    const compactor = createCompactor(given, shape.items);
    return { given, compactor, tables: tablesOf(agent, run.networks[0]!, shape.items, compactor) };
  };
  const { tables } = formOf(plan.window);
  const parts = new Set(tables.flatMap((table) => table.parts));
  const shapes = specsOf(run.networks[0]!);
  const tablesOfNetworks = run.networks.map((network) => stored(tables, network));

  /** A network without its tables. */
  const small = (network: Values) => without(network, (name) => parts.has(name));
  /** The part that a step updates; the host counts or copies the rest. */
  const state = (network: Values) => without(carried(plan, small(network)), (name) => name.startsWith('average/'));
  const frozen = (networks: readonly Values[], main: number): Values => ({
    ...frozenFor(plan, networks.map(small), main),
    ...prefixed('tables/', tablesOfNetworks[main]!),
    ...(agent.target === 'coin' && prefixed('other/', tablesOfNetworks[1 - main]!)),
  });
  const programs = perWidth(async (width) => {
    const form = formOf(width);
    const specs = {
      state: specsOf(state(run.networks[0]!)),
      inputs: {
        ...form.given,
        rows: { dtype: 'int32' as const, shape: [form.compactor.size + 1] },
        ...decaySpecs(run.networks[0]!, form.tables),
      },
      frozen: specsOf(frozen(run.networks, 0)),
    };
    const program = lazyProgram(agent, phase, form.tables, shape.items);
    return { ...form, runner: await prepare(program, specs, { ...plan, mode: 'direct' }) };
  });
  const { memoryBytes } = (await programs.at(plan.window)).runner.info;

  return {
    async advance(from, chunk) {
      const networks = from.networks.map(small);
      const sums = tally(from);
      for (let i = 0; i < chunk.steps; i++) {
        const { given, compactor, tables, runner } = await programs.at(chunk.widths[i]!);
        const batch = compactor.compact(single(narrowed(slice(chunk.inputs, i, i + 1), given)));
        const main = chunk.trained[i]!;
        const network = networks[main]!;
        const { state: next, outputs } = await runner.run({
          state: state(network),
          inputs: {
            ...batch.inputs,
            rows: { dtype: 'int32', shape: [batch.rows.length], data: batch.rows },
            ...decays(network, tables, batch, agent.tau),
          },
          frozen: frozen(networks, main),
        });
        const scalars = without(outputs, (name) => name.startsWith('rows/') || name.startsWith('changed/'));
        checkHealth(scalars, chunk.from + i, phase, plan);
        sums.add(scalars);
        networks[main] = { ...network, ...next };
        countUpdate(network);
        for (const table of tables) {
          const { name } = table;
          const changed = changedPositions(table, batch, outputs[`changed/${name}`]!.data);
          writeRows(outputs[`rows/${name}`]!, tablesOfNetworks[main]![name]!, changed, batch.rows);
          markFollowed(network, table, changed, batch.rows);
        }
        if (copyDue(plan, chunk.from + i + 1 - phaseStart)) {
          renewCopy(networks[main]);
          renewCopies(tables, tablesOfNetworks[main]!);
        }
      }
      return sums.close(networks);
    },
    settled: (from) => ({
      ...from,
      networks: from.networks.map((network, i) => ({
        ...network,
        ...separated(tables, shapes, tablesOfNetworks[i]!),
      })),
    }),
    memoryBytes,
    async dispose() {
      for (const { runner } of await programs.all()) await runner.dispose();
    },
  };
}

function without(values: Values, out: (name: string) => boolean): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !out(name)));
}

/** One step of stacked inputs, without the leading dimension. */
function single(inputs: Values): Values {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, { ...value, shape: value.shape.slice(1) }]),
  );
}
