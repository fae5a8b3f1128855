import { type CommandDef, defineCommand } from 'citty';
import { estimateFrom } from '../../jobs/costs.ts';
import { type ListedJob, listed } from '../../jobs/listed.ts';
import { planExperiment } from '../../jobs/planned.ts';
import { checkRecords } from '../../jobs/whole.ts';
import { renderTable } from '../../report/table.ts';
import { planSearch } from '../../search/plan.ts';
import { counted } from '../../terminal/counted.ts';
import { duration } from '../../terminal/duration.ts';
import { checkFlags } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { printableJson } from '../../terminal/printable.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, planOptions, searchArg } from '../experiment-args.ts';

const args = {
  ...experimentArgs,
  ...searchArg,
  json: { type: 'boolean', description: 'Write JSON to standard output, one line per job' },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'plan',
    description:
      'List the jobs of an experiment: ids, what each reads, and how long it will take as far as that is known',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('plan', rawArgs, args);
    const loaded = await givenExperiment(given);
    await interruptible(typed([...invocation, 'plan', ...rawArgs]), async (signal) => {
      const options = planOptions(given, signal);
      const { jobs } = await (given.search ? planSearch : planExperiment)(loaded, options);
      await checkRecords(jobs);
      const rows = await listed(jobs, await estimateFrom(options.runs));
      if (given.json) for (const row of rows) process.stdout.write(`${printableJson(row)}\n`);
      else process.stdout.write(`${tableOf(rows)}\n${sumOf(rows)}\n`);
    });
  },
});

export default command;

/** Rows refer to each other by number, because ids are long. */
function tableOf(rows: readonly ListedJob[]): string {
  const numbers = new Map(rows.map(({ id }, i) => [id, `${i + 1}`]));
  return renderTable({
    head: ['id', 'job', 'kind', 'stage', 'reads', 'state', 'time'],
    rows: rows.map(({ id, kind, stage, after, state, resumesAt, seconds }) => [
      id,
      numbers.get(id)!,
      kind,
      `${stage}`,
      after.map((other) => numbers.get(other)).join(' ') || '–',
      resumesAt === null ? state : `${state}, resumes at step ${resumesAt}`,
      seconds === null ? 'unknown' : duration(seconds),
    ]),
  });
}

function sumOf(rows: readonly ListedJob[]): string {
  const finished = rows.filter(({ state }) => state === 'finished').length;
  const open = rows.filter(({ state }) => state === 'ready' || state === 'waits');
  const known = open.flatMap(({ seconds }) => seconds ?? []);
  const sum = known.reduce((all, seconds) => all + seconds, 0);
  const running = rows.filter(({ state }) => state === 'running').length;
  const others = running > 0 ? `, ${running} running` : '';
  const count = `${counted(rows.length, 'job')}, ${finished} finished${others}, ${open.length} to do.`;
  if (open.length === 0) return count;
  const unknown = open.length - known.length;
  if (known.length === 0) return `${count} Their time is unknown.`;
  const rest = unknown > 0 ? `; the time of the other ${unknown} is unknown` : '';
  return `${count} ${known.length} of them ${known.length === 1 ? 'takes' : 'take'} about ${duration(sum)} one after the other${rest}.`;
}
