import { basename, join } from 'node:path';
import { LeaError } from '@lea/core';
import type { ColumnTable } from 'arquero';
import { configHash } from '../experiment/config-hash.ts';
import { loadRun, type RunRecord } from '../experiment/record.ts';
import { runFolders } from '../experiment/run-folders.ts';
import { configOf } from './groups.ts';

/**
 * Reads all finished runs and baselines of a folder as a table of arquero: one row per run and seed. Records that do not match
 * their ranks are refused.
 *
 * Columns: `experiment`, `name`, `kind` (`run`, `baseline`), `dataset`, `seed`, `agent` and `encoder` (types; null for
 * baselines), `environment`; every test metric by its name (`ndcg@10`, `hr@20/purchase`), null where a run has no such metric;
 * metrics of lists as `lists/coverage@10`;
 * `validation`, `steps`, `bestStep`, `parameters`; `seconds` and `environmentSeconds` (working time), `serveMilliseconds`
 * (median of ten recommendations for one user), `serveMegabytes`; `threads`, `id`, `folder`, and hashes: `configHash`,
 * `dataHash`, `weightsHash`, `ranksHash`, `environmentHash`, `memoryHash`. A folder keeps the runs of earlier configs. Runs that
 * differ in more than their seed have different `configHash`es, so group by it besides `name`.
 *
 * @param dir the folder of `--runs`, or the folder of one experiment in it
 * @throws LeaError `E_PEER_MISSING` when arquero is not installed, `E_RUNS_UNFINISHED` when the folder has no runs, `E_RUN_BROKEN`
 */
export async function readRecords(dir: string): Promise<ColumnTable> {
  const { table } = await import('arquero').catch((cause: unknown) => {
    throw new LeaError('E_PEER_MISSING', 'Tables of runs need the optional package arquero.', {
      hint: 'Run npm i arquero.',
      cause,
    });
  });
  const rows = (await finishedIn(dir)).map(({ folder, record }) => rowOf(record, folder));
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(names.map((name) => [name, rows.map((row) => row[name] ?? null)] as [string, unknown[]]));
}

/** The finished runs and baselines of a folder. */
async function finishedIn(dir: string): Promise<{ readonly record: RunRecord; readonly folder: string }[]> {
  const { runs } = await runFolders(dir);
  if (runs.length === 0) {
    throw new LeaError('E_RUNS_UNFINISHED', 'The folder has trials of a search only, which have no test metrics.', {
      value: dir,
      hint: 'Read trials-*.jsonl beside the folder "search", or measure the best config with the command run.',
    });
  }
  const found = [];
  for (const folder of runs.map((name) => join(dir, name))) {
    const run = await loadRun({ id: basename(folder), folder });
    if (run) found.push({ record: run.record, folder });
  }
  return found;
}

function rowOf(record: RunRecord, folder: string): Record<string, unknown> {
  const { experiment, name, kind, dataset, seed, metrics, lists, training, environment, memory, serving } = record;
  const agent = agentOf(record.config);
  return {
    experiment,
    name,
    kind,
    dataset,
    seed,
    agent: agent?.type,
    encoder: agent?.encoder?.type,
    environment: environment?.name,
    ...metrics,
    ...Object.fromEntries(Object.entries(lists?.metrics ?? {}).map(([list, value]) => [`lists/${list}`, value])),
    validation: record.validation ?? training?.best?.value,
    steps: training?.steps,
    bestStep: training?.best?.step,
    parameters: training?.parameters,
    seconds: record.seconds,
    environmentSeconds: environment?.seconds,
    serveMilliseconds: serving?.milliseconds,
    serveMegabytes: serving?.megabytes,
    threads: record.threads,
    configHash: configHash(record.config),
    dataHash: record.dataHash,
    weightsHash: record.weightsHash,
    ranksHash: record.ranksHash,
    environmentHash: environment?.hash,
    memoryHash: memory?.hash,
    id: record.id,
    folder,
  };
}

interface AgentConfig {
  readonly type: string;
  readonly encoder?: { readonly type?: string };
}

/** The agent of a run, which may be that of the run whose network it takes. */
function agentOf(resolved: unknown): AgentConfig | undefined {
  const { agent, network } = configOf(resolved) as { agent?: AgentConfig; network?: unknown };
  return network === undefined ? agent : agentOf(network);
}
