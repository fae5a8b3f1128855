import type { Status, StatusRow } from '../queue/status.ts';
import { renderTable } from '../report/table.ts';
import { counted } from '../terminal/counted.ts';
import { duration } from '../terminal/duration.ts';
import { printable } from '../terminal/printable.ts';
import { fit } from '../terminal/progress.ts';

/** Characters of a line without a terminal. */
const WIDE = 120;
/** Characters of progress that are shown in any case. */
const LEAST = 20;

/**
 * The state of a queue: a table as wide as the terminal, the whole errors of those jobs of which it has no room for them, and a
 * sum.
 *
 * @param columns characters of a line of the terminal
 */
export function statusText(status: Status, columns: number = WIDE): string {
  const { isUsed, workers, running, waiting, delayed, failed, jobs } = status;
  const tried = delayed > 0 ? `, ${delayed} to be tried again` : '';
  const sum = `${counted(workers, 'worker')}, ${counted(running, 'job')} running, ${waiting} ready${tried}, ${failed} failed.\n`;
  if (!isUsed) return `${sum}No worker and no run has used a queue for this folder of runs yet.\n`;
  if (jobs.length === 0) return sum;
  const rows = jobs.map(({ id, state, worker, seconds }) => [
    id,
    state,
    worker ?? '–',
    seconds === null ? '–' : duration(seconds),
  ]);
  const head = ['id', 'state', 'worker', 'time'];
  const taken = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  // Each column has a border and two spaces, and one border is at the end.
  const room = columns - taken.reduce((all, width) => all + width + 3, 0) - 4;
  const shown = jobs.map((job) => fit(briefly(job), Math.max(LEAST, room) + 1));
  const table = renderTable({ head: [...head, 'progress'], rows: rows.map((row, r) => [...row, shown[r]!]) });
  const errors = jobs.flatMap(({ id, state, said }, r) =>
    state === 'failed' && shown[r] !== said ? [`${id}: ${printable(said)}`] : [],
  );
  return `${[table, ...errors].join('\n')}\n${sum}`;
}

/** The newest line of progress, or the code and the first sentence of an error. */
function briefly({ state, said }: StatusRow): string {
  return state === 'failed' ? (/^E_\w+: .*?[.!?](?=\s|$)/.exec(said)?.[0] ?? said) : said;
}
