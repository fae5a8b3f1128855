import { type Comparison, clusteredMean, type Estimate } from '@lea/eval';
import type { Measured } from './measure.ts';

/** The measures by which subjects are compared, with one value per test row. */
export const MEASURES = {
  ndcg: 'NDCG@10',
  hr: 'HR@10',
  accuracyUniform: 'accuracy, random items',
  accuracyPopular: 'accuracy, popular items',
  precision: 'precision@10',
  coldNdcg: 'cold NDCG@10',
  coldAccuracy: 'cold accuracy',
} as const;

export type MeasureName = keyof typeof MEASURES;

export const MEASURE_NAMES = Object.keys(MEASURES) as MeasureName[];

/** A paired difference with its user-clustered 95 % interval. */
export type Gap = Omit<Comparison, 'p'>;

/** A measure of a subject with its user-clustered 95 % interval. */
export function estimate(measured: Measured, measure: MeasureName): Estimate {
  return ofKnown(valuesOf(measured, measure), measured.fidelity.perRow.user);
}

/** Paired per row, user-clustered difference of a measure on the rows that both were measured on, first minus second. */
export function difference(first: Measured, second: Measured, measure: MeasureName): Gap {
  const { user, row } = first.fidelity.perRow;
  const other = valuesOn(row, second, measure);
  const { value, ...rest } = ofKnown(
    valuesOf(first, measure).map((own, i) => own - other[i]!),
    user,
  );
  const base = ofKnown(other, user).value;
  return { difference: value, relative: base === 0 ? Number.NaN : value / base, ...rest };
}

/** A measure of a subject on the rows of another. */
export function estimateOn(rows: Measured, measured: Measured, measure: MeasureName): Estimate {
  const { user, row } = rows.fidelity.perRow;
  return ofKnown(valuesOn(row, measured, measure), user);
}

/** The values of a measure on some rows; NaN where it was not measured. */
function valuesOn(rows: Int32Array, measured: Measured, measure: MeasureName): Float64Array {
  const values = valuesOf(measured, measure);
  const place = new Map(Array.from(measured.fidelity.perRow.row, (row, i) => [row, i]));
  return Float64Array.from(rows, (row) => values[place.get(row) ?? -1] ?? Number.NaN);
}

/** The values of a measure per row; NaN for rows that it does not cover. */
function valuesOf({ fidelity: { perRow } }: Measured, measure: MeasureName): Float64Array {
  const { rank, cold } = perRow;
  // Rank 0 is that of subjects that rank nothing.
  const ofRank = (row: number, value: number): number => (rank[row] === 0 ? Number.NaN : rank[row]! <= 10 ? value : 0);
  const gain = (row: number): number => ofRank(row, 1 / Math.log2(rank[row]! + 1));
  const ofRow: Record<MeasureName, (row: number) => number> = {
    ndcg: gain,
    hr: (row) => ofRank(row, 1),
    accuracyUniform: (row) => perRow.accuracyUniform[row]!,
    accuracyPopular: (row) => perRow.accuracyPopular[row]!,
    precision: (row) => perRow.precision[row]!,
    coldNdcg: (row) => (cold[row] ? gain(row) : Number.NaN),
    coldAccuracy: (row) => (cold[row] ? perRow.accuracyUniform[row]! : Number.NaN),
  };
  return Float64Array.from(rank, (_, row) => ofRow[measure](row));
}

function ofKnown(values: Float64Array, user: Int32Array): Estimate {
  const known = (_: number, row: number): boolean => !Number.isNaN(values[row]);
  return clusteredMean(values.filter(known), user.filter(known));
}
