import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import type { Loaded } from '../config/load.ts';
import { alone } from '../experiment/alone.ts';
import type { Context } from '../experiment/context.ts';
import { withDownload } from '../experiment/download.ts';
import { modelsOf } from '../experiment/models.ts';
import { prepareData, sayData } from '../experiment/prepare.ts';
import { heldOut } from '../report/held-out.ts';
import { createProgress } from '../terminal/progress.ts';
import { fidelityConclusions } from './conclusions.ts';
import { loadMeasured, type Measured, measure, recordPath } from './measure.ts';
import type { FidelityOutcome } from './report.ts';
import { type FidelityFlags, requestOf } from './request.ts';
import { subjectsOf, titleOf } from './subjects.ts';
import { summaryLine } from './table.ts';
import { lazyLanguage } from './tokens.ts';

export interface FidelityRunOptions {
  /** Folder of the data files. */
  readonly data: string | undefined;
  /** Folder for environments and measurements. */
  readonly runs: string;
  readonly out: NodeJS.WriteStream;
  readonly signal: AbortSignal;
  readonly onMeasured: (measured: Measured) => void;
}

/** Measures every subject of a report; existing measurements are reused. */
export async function runFidelity(
  loaded: Loaded,
  flags: FidelityFlags,
  options: FidelityRunOptions,
): Promise<FidelityOutcome> {
  const asked = requestOf(loaded.experiment, flags);
  const request = { ...asked, environment: await withDownload(asked.environment, options) };
  const models = await modelsOf([request.environment]);
  const prepared = await prepareData(loaded, options.data);
  if (!prepared.dataset.itemTexts) {
    throw new LeaError('E_CONFIG', 'Expected a data set with item texts to measure the fidelity of language.', {
      hint: 'Set dataset.itemTexts.',
    });
  }
  const folder = join(options.runs, loaded.experiment.name);
  const known = { ...prepared, folder, models };
  const subjects = subjectsOf(request, known);
  const isFinished = subjects.every((subject) => existsSync(recordPath(subject)));
  const progress = createProgress(options.out, subjects.length + 1);
  const context: Context = { ...known, progress, signal: options.signal };
  sayData(progress, context);
  const language = lazyLanguage(request, context);
  const all: Measured[] = [];
  await alone(folder, isFinished, async () => {
    for (const subject of subjects) {
      options.signal.throwIfAborted();
      const found = await loadMeasured(subject);
      if (found) progress.begin(titleOf(subject));
      const measured = found ?? (await measure(subject, context, request.seed, language));
      progress.end(...summaryLine(measured));
      all.push(measured);
      options.onMeasured(measured);
    }
  });
  const largest = all.filter(({ subject }) => subject.users === request.users.at(-1));
  return { request, context, all, largest, sentences: fidelityConclusions(largest, heldOut(prepared.split.info.kind)) };
}
