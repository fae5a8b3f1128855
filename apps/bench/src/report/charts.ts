import { interval } from '@lea/eval';
import type { FinishedRun } from '../experiment/record.ts';
import { metricTitle } from '../terminal/metric.ts';
import { groupsOf } from './groups.ts';
import { linesOf } from './label-lines.ts';
import type { OffPolicy } from './off-policy.ts';
import { ACCENT, INK, MUTED, PALETTE, renderTwoWidths } from './vega.ts';

const METRIC = 'ndcg@10';

/** Dashes of the seeds of a run; more seeds begin anew. */
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 2, 2, 2],
];

/** Characters in a line of a label. Names may have 100, and often differ at their end only. */
const LABEL = { wide: 36, narrow: 22 };

/** A row per model, in the given order. */
const modelRows = (values: readonly { name: string }[], order: readonly string[], narrow: boolean) => {
  const labels = linesOf(order, narrow ? LABEL.narrow : LABEL.wide);
  return {
    width: narrow ? 180 : 640,
    height: { step: 12 + labels.height },
    data: { values: [...values] },
    encoding: {
      y: {
        field: 'name',
        type: 'nominal' as const,
        sort: [...order],
        title: null,
        axis: { ...labels.axis, ticks: false, domain: false },
      },
    },
  };
};

/** Trained models stand out from baselines. The legend has the kinds that are drawn. */
const kindColor = (values: readonly { kind: string }[], narrow: boolean) => ({
  field: 'kind',
  type: 'nominal' as const,
  title: null,
  scale: { domain: ['run', 'baseline'], range: [ACCENT, MUTED] },
  legend: {
    orient: 'bottom' as const,
    columns: narrow ? 1 : 2,
    values: ['run', 'baseline'].filter((kind) => values.some((row) => row.kind === kind)),
    labelExpr: "datum.label === 'run' ? 'trained' : 'baseline, not trained'",
  },
});

/** Test NDCG@10 of every model (the mean over seeds) with its 95 % interval, best first, as SVG text. */
export async function barChart(runs: readonly FinishedRun[]): Promise<string> {
  const values = groupsOf(runs).map(({ name, kind, runs: own }) => {
    const { value, interval: [low, high] } = interval(own.map(({ evaluation }) => evaluation), { metric: METRIC }); // biome-ignore format: one line
    return { name, kind, value, low, high };
  });
  const best = values.toSorted((a, b) => b.value - a.value).map((row) => row.name);
  return renderTwoWidths((narrow) => ({
    ...modelRows(values, best, narrow),
    layer: [
      {
        mark: { type: 'bar', height: 16, cornerRadiusEnd: 2 },
        encoding: {
          x: {
            field: 'value',
            type: 'quantitative',
            title: `test NDCG@10${narrow ? '' : ', with 95 % interval'}`,
            axis: { tickCount: narrow ? 4 : 10 },
          },
          color: kindColor(values, narrow),
        },
      },
      {
        // A thinner line is pale on a bar.
        mark: { type: 'rule', color: INK, strokeWidth: 2 },
        encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
      },
    ],
  }));
}

/** SNDR of every model that the log can answer for, with its 95 % interval, best first, beside the log; undefined without one. */
export async function estimateChart({ rows, logged }: OffPolicy): Promise<string | undefined> {
  const values = rows.flatMap(({ name, kind, value, reasons }) => {
    if (reasons.length > 0 || !value) return [];
    const { value: mean, interval: [low, high] } = value.sndr; // biome-ignore format: one line
    return [{ name, kind, mean, low, high }];
  });
  if (values.length === 0) return undefined;
  const best = values.toSorted((a, b) => b.mean - a.mean).map(({ name }) => name);
  return renderTwoWidths((narrow) => ({
    ...modelRows(values, best, narrow),
    layer: [
      {
        data: { values: [{ logged }] },
        mark: { type: 'rule', color: MUTED },
        encoding: { x: { field: 'logged', type: 'quantitative' }, y: { value: 0 }, y2: { value: 'height' } },
      },
      {
        mark: { type: 'rule', color: INK },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            title: `mean reward, SNDR${narrow ? '' : ', with 95 % interval; line: the log'}`,
            scale: { zero: false },
            axis: { tickCount: narrow ? 4 : 10 },
          },
          x2: { field: 'high' },
        },
      },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 1 },
        encoding: {
          x: { field: 'mean', type: 'quantitative' },
          color: kindColor(values, narrow),
        },
      },
    ],
  }));
}

/**
 * A validation metric over optimizer steps of every trained run, one color per model and one dash per seed; undefined when
 * nothing was trained.
 *
 * @param metric the validation metric for early stopping
 */
export async function curveChart(runs: readonly FinishedRun[], metric: string): Promise<string | undefined> {
  const trained = runs.filter((run) => (run.record.training?.curve.length ?? 0) > 0);
  if (trained.length === 0) return undefined;
  const values = trained.flatMap((run) =>
    run.record.training!.curve.map(({ step, value }) => ({
      name: run.record.name,
      seed: run.record.seed,
      step,
      value,
    })),
  );
  const seeds = [...new Set(trained.map((run) => run.record.seed))];
  const names = [...new Set(trained.map((run) => run.record.name))];
  return renderTwoWidths((narrow) => ({
    width: narrow ? 300 : 780,
    height: narrow ? 240 : 340,
    data: { values },
    mark: { type: 'line', point: { size: 22 }, strokeWidth: seeds.length > 1 ? 1.3 : 1.8 },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'optimizer steps', axis: { tickCount: narrow ? 4 : 10 } },
      y: {
        field: 'value',
        type: 'quantitative',
        title: `validation ${metricTitle(metric)}`,
        scale: { zero: false },
        axis: { format: '.3f' },
      },
      color: {
        field: 'name',
        type: 'nominal',
        title: null,
        sort: names,
        scale: { range: PALETTE },
        legend: {
          orient: 'bottom',
          columns: narrow ? 1 : 2,
          ...linesOf(names, LABEL.wide).legend,
        },
      },
      detail: { field: 'seed' },
      ...(seeds.length > 1 && {
        strokeDash: {
          field: 'seed',
          type: 'nominal' as const,
          title: 'seed',
          sort: seeds,
          scale: { range: DASHES },
          legend: {
            // On a phone, beside the other legend it would make the chart smaller.
            orient: narrow ? ('top' as const) : ('bottom' as const),
            symbolType: 'stroke',
            symbolSize: 900,
            symbolFillColor: 'transparent',
            // Seen on a white page and on a dark one.
            symbolStrokeColor: '#808890',
          },
        },
      }),
    },
  }));
}
