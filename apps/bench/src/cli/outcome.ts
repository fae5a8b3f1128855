import { validationMetric } from '../config/metrics.ts';
import { statisticsOf } from '../data/describe.ts';
import type { Outcome } from '../jobs/collect.ts';
import { conclusions } from '../report/conclusions.ts';
import { servedName, wholeGroups } from '../report/groups.ts';
import { shownMetrics } from '../report/metric-names.ts';
import type { OffPolicy } from '../report/off-policy.ts';
import { offPolicySentence } from '../report/off-policy-table.ts';
import { repeatNotes } from '../report/repeats.ts';
import { writeReport } from '../report/report.ts';
import { renderTable, resultTable, SHORT } from '../report/table.ts';
import { tuningSentences } from '../report/tuned.ts';
import { folded } from '../terminal/folded.ts';
import { printable } from '../terminal/printable.ts';

/**
 * Prints the table and the conclusions of what is finished, and writes the report.
 *
 * @param report path of the report
 * @param command the command that reproduces the numbers
 * @param offPolicy estimates, if the config asks for them
 */
export async function tellOutcome(
  outcome: Outcome,
  report: string,
  command: string,
  out: NodeJS.WriteStream,
  offPolicy?: OffPolicy,
): Promise<void> {
  const { runs, agreements, context } = outcome;
  const { experiment } = context;
  const whole = wholeGroups(runs, experiment.seeds.length);
  const said =
    whole.length === 0 && runs.length > 0
      ? ['No model is finished with all seeds.']
      : conclusions(whole, experiment.runs, agreements);
  const sentences = [...said, ...tuningSentences(experiment)];
  const table = resultTable(runs, {
    served: servedName(whole, experiment.runs),
    chosenBy: validationMetric(experiment.runs),
    metrics: shownMetrics(SHORT, experiment),
    seeds: experiment.seeds.length,
    data: statisticsOf(context.dataset),
    published: experiment.published,
    more: repeatNotes(context),
  });
  const told = [...sentences, ...(offPolicy ? [offPolicySentence(offPolicy)] : [])];
  out.write(`\n${renderTable(table)}\n\n${folded(told, out)}\n`);
  await writeReport(report, outcome, sentences, command, offPolicy);
  out.write(`\nReport: ${printable(report)}\n`);
}
