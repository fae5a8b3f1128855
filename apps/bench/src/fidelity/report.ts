import { replaceFile } from '@lea/core/node';
import type { Context } from '../experiment/context.ts';
import { versions } from '../experiment/versions.ts';
import { heldOut } from '../report/held-out.ts';
import { definitionsHtml, figureHtml, listHtml, renderPage, tableHtml } from '../report/page.ts';
import { plain } from '../report/report.ts';
import { counted } from '../terminal/counted.ts';
import { formatShare } from '../terminal/metric.ts';
import { numbersPath } from '../terminal/report-path.ts';
import { measureBars, popularityScatter, precisionCurves, reliabilityDiagram, shareCurves } from './charts.ts';
import { difference, estimate, MEASURE_NAMES } from './estimates.ts';
import type { Measured } from './measure.ts';
import type { FidelityRequest } from './request.ts';
import { MEASUREMENT } from './subjects.ts';
import { mainTable, moreTable, rewardTable, shareTables } from './table.ts';

/** The content of a report. */
export interface FidelityOutcome {
  readonly request: FidelityRequest;
  readonly context: Context;
  /** Every subject for every share of the users, the smallest share first. */
  readonly all: readonly Measured[];
  /** Those for the largest share. */
  readonly largest: readonly Measured[];
  /** The findings for the largest share. */
  readonly sentences: readonly string[];
}

/** Writes the HTML report and a JSON file of its numbers next to it; returns the path of the JSON file. */
export async function writeFidelity(path: string, outcome: FidelityOutcome): Promise<string> {
  const json = numbersPath(path);
  await replaceFile(path, await page(outcome));
  await replaceFile(json, `${JSON.stringify(record(outcome), null, 2)}\n`);
  return json;
}

async function page(outcome: FidelityOutcome): Promise<string> {
  const { all, largest: measured, sentences, request, context } = outcome;
  const asked = measured.filter(({ subject }) => subject.role === 'environment');
  const spoiled = ['random item tokens', 'shuffled texts'];
  const ranked = measured.filter(({ subject }) => subject.role !== 'language model');
  const drawn = ranked.filter(({ subject }) => !spoiled.includes(subject.name)).slice(0, 8);
  const names = drawn.map(({ subject }) => subject.name);
  const curves = all.filter(({ subject }) => names.includes(subject.name));
  const shares = shareTables(all);
  const about = `All other sections are about ${formatShare(request.users.at(-1)!)} of the users.`;
  const hasCold = measured.some(({ fidelity }) => fidelity.cold.rows > 0);
  const accuracy = measureBars(
    measured,
    [
      ['accuracyPopular', 'against equally popular items'],
      ['accuracyUniform', 'against random items'],
    ],
    0.5,
  );
  return renderPage(
    `Fidelity: ${context.experiment.name}`,
    `How well environments agree with ${heldOut(context.split.info.kind).unseen}, compared with controls.`,
    [
      ['Findings', listHtml(sentences)],
      ...(shares.length > 0
        ? [
            [
              'By share of the users',
              figureHtml(await shareCurves(curves, 'accuracyPopular', 'accuracy against equally popular items')) +
                figureHtml(await shareCurves(curves, 'ndcg', 'NDCG@10')) +
                `${shares.map(tableHtml).join('\n')}<p class="note">${about}</p>`,
            ] as const,
          ]
        : []),
      [
        'Rewards: how often the chosen item is preferred',
        figureHtml(await accuracy, 'Share of comparisons, with 95 % interval; bars start at chance.'),
      ],
      [
        'States and positives',
        figureHtml(
          await measureBars(measured, [
            ['ndcg', 'NDCG@10 of the next item'],
            ['precision', 'precision@10 of the positives'],
          ]),
          'With 95 % interval.',
        ),
      ],
      [
        'All numbers',
        `${tableHtml(mainTable(measured))}<p class="note">${COLUMNS}</p>${tableHtml(moreTable(measured))}<p class="note">${MORE_COLUMNS}</p>`,
      ],
      [
        'Calibration of the reward',
        figureHtml(
          await reliabilityDiagram(asked),
          'Comparisons with random items by confidence, before (solid lines) and after Platt scaling (dashed lines). Points above the diagonal are underconfident, points below it overconfident. Bins with less than 1 % of the comparisons are omitted.',
        ),
      ],
      ['Precision of the positives', figureHtml(await precisionCurves(drawn))],
      ['Coverage and popularity of the positives', figureHtml(await popularityScatter(ranked))],
      [
        'Reward by kind of event',
        `${tableHtml(rewardTable(measured))}<p class="note">Mean reward above that of random items, in their standard deviations.</p>`,
      ],
      ...(hasCold
        ? [
            [
              'Cold items',
              figureHtml(
                await measureBars(measured, [
                  ['coldNdcg', 'NDCG@10 among all items'],
                  ['coldAccuracy', 'accuracy against random items'],
                ]),
                'Decisions for items that no fitted user interacted with, with 95 % interval.',
              ),
            ] as const,
          ]
        : []),
      ['Protocol', definitionsHtml(protocolOf(outcome))],
    ],
  );
}

const COLUMNS =
  'random, popular: share of comparisons in which the logged action gets more reward than an item without interaction, drawn uniformly or by popularity. ' +
  'cold: decisions for items that no fitted user interacted with.';
const MORE_COLUMNS =
  'AUC: over the rewards of all histories together. ECE: calibration error of sigmoid(R(a+) − R(a−)) against random items; scaled: after Platt scaling with the slope shown; single: of sigmoid(slope R + intercept), the calibration of the environment itself, on logged actions and random items. ' +
  'coverage: share of the catalog among the positives. popularity: their mean popularity percentile.';

/** The conditions under which the numbers hold. */
function protocolOf({ request, context, all }: FidelityOutcome): [string, string][] {
  const { dataset, split, experiment, dataHash } = context;
  const { userIds, itemIds, item } = dataset.interactions;
  const count = (n: number) => n.toLocaleString('en');
  const { kind, ...splitOptions } = split.info;
  const { tier, model, fit } = request.environment;
  const first = all[0]!.fidelity;
  return [
    [
      'Data',
      `${dataset.name}: ${counted(userIds.length, 'user')}, ${counted(itemIds.length, 'item')}, ${counted(item.length, 'event')}`,
    ],
    [
      'Split',
      `${[kind, plain(splitOptions)].filter(Boolean).join(' ')}; test ${counted(split.test.count, 'decision')}`,
    ],
    [
      'Known',
      `${request.users.map(formatShare).join(', ')} of the train users, the same ones for every environment and control`,
    ],
    [
      'Stopping and scaling',
      `${heldOut(kind).validation} (${counted(split.validation.count, 'decision')}): early stopping, Platt scaling`,
    ],
    [
      'Ranking',
      `every test decision, empty histories included, among all ${count(itemIds.length)} items; nothing excluded; ties: lower item index first`,
    ],
    [
      'Comparisons',
      `per decision ${MEASUREMENT.draws} items without interaction drawn uniformly and ${MEASUREMENT.draws} by train popularity, the same for all subjects; ties count half`,
    ],
    [
      'Positives',
      `the ${first.precisionAt.length} items of highest state logit or score; the future includes the logged action`,
    ],
    ['Histories', `counting: last ${experiment.window} events; environments: their own window`],
    ['Item tokens', `tier ${tier}${model ? `, ${model}` : ''}`],
    ['Fit', fit && Object.keys(fit).length > 0 ? plain(fit) : 'defaults'],
    [
      'Intervals',
      `95 %, paired per decision, clustered by user: they cover ${heldOut(kind).chance}, but not in fitting`,
    ],
    ['Seed', String(request.seed)],
    ['Data hash', dataHash],
    ['Versions', plain(versions())],
  ];
}

/**
 * The content of `fidelity.numbers.json`: numbers with intervals, and paired differences of environments to all other subjects
 * that know the same users.
 */
function record(outcome: FidelityOutcome): object {
  const { request, context, all, sentences } = outcome;
  return {
    experiment: context.experiment.name,
    request,
    protocol: Object.fromEntries(protocolOf(outcome)),
    sentences,
    subjects: all.map(subjectLine),
    differences: all
      .filter(({ subject }) => subject.role === 'environment')
      .flatMap((first) =>
        all
          .filter((second) => second !== first && second.subject.users === first.subject.users)
          .map((second) => ({
            users: first.subject.users,
            first: first.subject.name,
            second: second.subject.name,
            ...Object.fromEntries(MEASURE_NAMES.map((measure) => [measure, difference(first, second, measure)])),
          })),
      ),
  };
}

/** The numbers of a subject, as `--json` prints them. */
export function subjectLine({ subject, fidelity, agreement, seconds, fresh }: Measured): object {
  const { perRow: _, name: __, ...numbers } = fidelity;
  const measured = { subject, fidelity, seconds, fresh };
  return {
    name: subject.name,
    role: subject.role,
    users: subject.users,
    estimates: Object.fromEntries(MEASURE_NAMES.map((measure) => [measure, estimate(measured, measure)])),
    ...numbers,
    ...(agreement && { agreement }),
    seconds,
    reused: !fresh,
  };
}
