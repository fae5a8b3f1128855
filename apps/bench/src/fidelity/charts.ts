import type { CalibrationBin } from '@lea/eval';
import { ACCENT, INK, MUTED, PALETTE, renderChart } from '../report/vega.ts';
import { estimate, type MeasureName } from './estimates.ts';
import type { Measured } from './measure.ts';

const ROLES = {
  environment: { label: 'environment', color: ACCENT },
  'language control': { label: 'the same without language', color: '#8fb8ef' },
  'language model': { label: 'the language model, not fitted', color: '#e0a030' },
  'counting control': { label: 'counting, not trained', color: MUTED },
} as const;

const roleColor = {
  field: 'role',
  type: 'nominal',
  title: null,
  scale: {
    domain: Object.values(ROLES).map(({ label }) => label),
    range: Object.values(ROLES).map(({ color }) => color),
  },
  legend: { orient: 'bottom' },
} as const;

/**
 * Bars of some measures side by side, each with its 95 % interval, one row per subject in the order of the first measure.
 *
 * @param from where bars start, for example at chance
 */
export function measureBars(
  all: readonly Measured[],
  measures: readonly (readonly [MeasureName, string])[],
  from = 0,
): Promise<string> {
  const bars = all.flatMap((measured) =>
    measures.map(([measure, title]) => {
      const { value, interval } = estimate(measured, measure);
      const role = ROLES[measured.subject.role].label;
      return { name: measured.subject.name, role, measure: title, value, low: interval[0], high: interval[1], from };
    }),
  );
  const values = bars.filter(({ value }) => Number.isFinite(value));
  const [, first] = measures[0]!;
  const order = values.filter(({ measure }) => measure === first).toSorted((a, b) => b.value - a.value);
  const x = {
    type: 'quantitative',
    title: null,
    scale: { zero: from === 0, nice: true },
    axis: { tickCount: 5 },
  } as const;
  return renderChart({
    data: { values },
    facet: {
      column: {
        field: 'measure',
        type: 'nominal',
        title: null,
        sort: measures.map(([, title]) => title),
        header: { labelColor: INK, labelFontSize: 12, labelFontWeight: 'bold' },
      },
    },
    spacing: 24,
    spec: {
      width: measures.length > 1 ? 290 : 600,
      height: { step: 24 },
      encoding: {
        y: {
          field: 'name',
          type: 'nominal',
          sort: order.map(({ name }) => name),
          title: null,
          axis: { labelLimit: 400, ticks: false, domain: false },
        },
      },
      layer: [
        {
          mark: { type: 'bar', height: 15 },
          encoding: { x: { field: 'from', ...x }, x2: { field: 'value' }, color: roleColor },
        },
        {
          mark: { type: 'rule', color: INK },
          encoding: { x: { field: 'low', ...x }, x2: { field: 'high' } },
        },
      ],
    },
    resolve: { scale: { x: measures.length > 1 && from === 0 ? 'independent' : 'shared' } },
  });
}

/** Bins with a smaller share of the comparisons are omitted, because they show mostly noise. */
const LEAST_SHARE = 0.01;

/** Observed share of correct comparisons by predicted share, before and after scaling; the diagonal is perfect calibration. */
export function reliabilityDiagram(all: readonly Measured[]): Promise<string> {
  const points = (bins: readonly CalibrationBin[], name: string, form: string) => {
    const total = bins.reduce((sum, { count }) => sum + count, 0);
    return bins
      .filter(({ count }) => count >= LEAST_SHARE * total)
      .map(({ predicted, observed }) => ({ name, form, predicted, observed }));
  };
  const values = all.flatMap(({ subject, fidelity }) => [
    ...points(fidelity.calibration.uniform.bins, subject.name, 'as it comes'),
    ...(fidelity.scaled ? points(fidelity.scaled.uniform.bins, subject.name, 'after Platt scaling') : []),
  ]);
  const axis = {
    type: 'quantitative',
    scale: { domain: [0.5, 1] as number[], nice: false },
    axis: { format: '.1f', tickCount: 6 },
  } as const;
  const diagonal = [
    { predicted: 0.5, observed: 0.5 },
    { predicted: 1, observed: 1 },
  ];
  return renderChart({
    width: 380,
    height: 300,
    layer: [
      {
        data: { values: diagonal },
        mark: { type: 'line', color: MUTED, strokeDash: [5, 4] },
        encoding: {
          x: { field: 'predicted', ...axis, title: 'predicted share' },
          y: { field: 'observed', ...axis, title: 'observed share' },
        },
      },
      {
        data: { values },
        mark: { type: 'line', point: { size: 36 }, strokeWidth: 1.8, clip: true },
        encoding: {
          x: { field: 'predicted', ...axis },
          y: { field: 'observed', ...axis, scale: { domain: [Math.min(0.5, ...values.map((v) => v.observed)), 1] } },
          color: colorBy(
            'name',
            all.map(({ subject }) => subject.name),
          ),
          strokeDash: {
            field: 'form',
            type: 'nominal',
            title: null,
            legend: null,
            scale: {
              domain: ['as it comes', 'after Platt scaling'],
              range: [
                [1, 0],
                [3, 3],
              ],
            },
          },
        },
      },
    ],
  });
}

/** Precision of the first k positives, by k. */
export function precisionCurves(all: readonly Measured[]): Promise<string> {
  const values = all.flatMap(({ subject, fidelity }) =>
    fidelity.precisionAt.map((precision, i) => ({ name: subject.name, k: i + 1, precision })),
  );
  return renderChart({
    width: 520,
    height: 300,
    data: { values },
    mark: { type: 'line', point: { size: 22 }, strokeWidth: 1.8 },
    encoding: {
      x: { field: 'k', type: 'quantitative', title: 'positives (k)', axis: { tickMinStep: 1 }, scale: { nice: false } },
      y: { field: 'precision', type: 'quantitative', title: "share in the user's future", axis: { format: '.2f' } },
      color: colorBy(
        'name',
        all.map(({ subject }) => subject.name),
      ),
    },
  });
}

/** Catalog coverage and popularity of the positives; the line is the popularity of the items that users choose. */
export function popularityScatter(all: readonly Measured[]): Promise<string> {
  const logged = all[0]!.fidelity.popularity.logged;
  const heights = [logged, ...all.map(({ fidelity }) => fidelity.popularity.positives)];
  const domain = [Math.min(...heights) - 0.04, Math.max(...heights) + 0.04];
  const height = 360;
  const values = withLabels(
    all.map(({ subject, fidelity }) => ({
      name: subject.name,
      role: ROLES[subject.role].label,
      coverage: fidelity.coverage,
      popularity: fidelity.popularity.positives,
    })),
    (14 / height) * (domain[1]! - domain[0]!),
  );
  const x = {
    field: 'coverage',
    type: 'quantitative',
    title: 'share of the catalog among the positives',
    scale: { domain: [0, 1.3] as number[], nice: false },
    axis: { values: [0, 0.2, 0.4, 0.6, 0.8, 1] as number[] },
  } as const;
  const y = {
    type: 'quantitative',
    title: 'mean popularity percentile of the positives',
    scale: { domain, nice: false },
  } as const;
  return renderChart({
    width: 680,
    height,
    layer: [
      {
        data: { values: [{ popularity: logged, label: 'items that users choose' }] },
        encoding: { y: { field: 'popularity', ...y } },
        layer: [
          { mark: { type: 'rule', color: INK, strokeDash: [5, 4] } },
          {
            mark: { type: 'text', align: 'left', dx: 4, dy: -7, color: INK, fontSize: 11 },
            encoding: { x: { datum: 0 }, text: { field: 'label' } },
          },
        ],
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 80, opacity: 1 },
        encoding: { x, y: { field: 'popularity', ...y }, color: roleColor },
      },
      {
        data: { values },
        mark: { type: 'text', align: 'left', dx: 9, color: INK, fontSize: 11 },
        encoding: { x, y: { field: 'labelAt', ...y }, text: { field: 'name' } },
      },
    ],
  });
}

/** Points with a position for their label, moved down where it would overlap a nearby label. */
function withLabels<T extends { readonly coverage: number; readonly popularity: number }>(
  points: readonly T[],
  apart: number,
): (T & { labelAt: number })[] {
  const placed: (T & { labelAt: number })[] = [];
  for (const point of points.toSorted((a, b) => b.popularity - a.popularity)) {
    const near = placed.filter(({ coverage }) => Math.abs(coverage - point.coverage) < 0.3);
    placed.push({ ...point, labelAt: Math.min(point.popularity, ...near.map(({ labelAt }) => labelAt - apart)) });
  }
  return placed;
}

/** A measure by the share of train users that subjects know. */
export function shareCurves(all: readonly Measured[], measure: MeasureName, title: string): Promise<string> {
  const values = all.map((measured) => {
    const { value, interval } = estimate(measured, measure);
    return { name: measured.subject.name, users: measured.subject.users, value, low: interval[0], high: interval[1] };
  });
  const names = [...new Set(values.map(({ name }) => name))];
  const x = {
    field: 'users',
    type: 'quantitative',
    title: 'share of the train users',
    scale: { type: 'log', nice: false },
    axis: { values: [...new Set(values.map(({ users }) => users))] as number[], format: '~%', grid: false },
  } as const;
  return renderChart({
    width: 380,
    height: 280,
    data: { values },
    encoding: { x, color: colorBy('name', names) },
    layer: [
      {
        mark: { type: 'rule', strokeWidth: 1.2 },
        encoding: {
          y: { field: 'low', type: 'quantitative', title, scale: { zero: false }, axis: { format: '.2f' } },
          y2: { field: 'high' },
        },
      },
      {
        mark: { type: 'line', point: { size: 36 }, strokeWidth: 1.8 },
        encoding: { y: { field: 'value', type: 'quantitative', title } },
      },
    ],
  });
}

function colorBy(field: string, domain: readonly string[]) {
  return {
    field,
    type: 'nominal',
    title: null,
    scale: { domain: [...domain], range: PALETTE },
    legend: { orient: 'right' },
  } as const;
}
