import { LeaError } from '@lea/core';
import { type CommandDef, defineCommand } from 'citty';
import { beside } from '../../experiment/alone.ts';
import { sayData } from '../../experiment/prepare.ts';
import { isFinished } from '../../jobs/graph.ts';
import { benchOf, planExperiment } from '../../jobs/planned.ts';
import { jobOf, scoreOf, workOn } from '../../jobs/work.ts';
import { planSearch } from '../../search/plan.ts';
import { checkFlags, wholeOf } from '../../terminal/flags.ts';
import { interruptible } from '../../terminal/interrupt.ts';
import { createProgress } from '../../terminal/progress.ts';
import { invocation, typed } from '../../terminal/typed.ts';
import { experimentArgs, givenExperiment, planOptions, searchArg } from '../experiment-args.ts';

const args = {
  ...experimentArgs,
  ...searchArg,
  run: { type: 'string', description: 'The job to do, by its id in the list of the command plan', valueHint: 'ID' },
  config: {
    type: 'string',
    description:
      'A copy of the config file to read in its place; paths in it stay relative to the folder of the config',
    valueHint: 'FILE',
  },
  progress: {
    type: 'string',
    description: 'Seconds between two lines of progress, unless standard error is a terminal',
    valueHint: 'N',
    default: '15',
  },
} as const;

const command: CommandDef<typeof args> = defineCommand({
  meta: {
    name: 'work',
    description: 'Do one job of an experiment, unless it is finished; many processes may work on different jobs',
  },
  args,
  async run({ args: given, rawArgs }) {
    checkFlags('work', rawArgs, args);
    const { run: id } = given;
    if (id === undefined) {
      throw new LeaError('E_FLAG_VALUE', 'Expected the id of a job: --run ID.', {
        hint: 'List the ids with the command plan.',
      });
    }
    const every = 1000 * wholeOf('progress', given.progress);
    const loaded = await givenExperiment(given);
    await interruptible(typed([...invocation, 'work', ...rawArgs]), async (signal) => {
      const options = planOptions(given, signal);
      const planned = await (given.search ? planSearch : planExperiment)(loaded, options);
      const job = jobOf(id, planned.jobs);
      const progress = createProgress(options.out, 1, { plain: every });
      if (isFinished(job)) {
        await scoreOf(job);
        progress.say(`${job.id} is already finished.`);
        return;
      }
      sayData(progress, planned.prepared);
      await beside(planned.plan.folder, () => workOn(job, benchOf(planned, progress, signal)));
    });
  },
});

export default command;
