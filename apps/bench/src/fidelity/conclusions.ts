import { amount, verdict } from '../report/conclusions.ts';
import type { HeldOut } from '../report/held-out.ts';
import { formatMetric } from '../terminal/metric.ts';
import { difference, estimate, estimateOn, type Gap, type MeasureName } from './estimates.ts';
import type { Measured } from './measure.ts';
import { titleOf } from './subjects.ts';

/** The measures on which every requested environment is compared with the controls. */
const QUESTIONS: readonly [MeasureName, string][] = [
  ['ndcg', 'State ranking (NDCG@10)'],
  ['accuracyPopular', 'Reward against equally popular items (accuracy)'],
  ['precision', "Positives in the user's future (precision@10)"],
];

/** The findings in plain sentences: every environment against its controls, and the contribution of language. */
export function fidelityConclusions(all: readonly Measured[], held: HeldOut): string[] {
  const of = (role: Measured['subject']['role']): Measured[] => all.filter(({ subject }) => subject.role === role);
  const [asked, language, counting] = [of('environment'), of('language control'), of('counting control')];
  const [first] = asked;
  const unfitted = of('language model').map((model) => unfittedSentence(model, [...asked, ...counting]));
  return asked.flatMap((own) => [
    headline(own, held),
    ...(counting.length > 0 ? QUESTIONS.map(([measure, title]) => standing(own, counting, measure, title)) : []),
    // The language controls have the same item input as the first environment.
    ...(own === first ? language.map((control) => spoiled(own, control)) : []),
    ...(own === first ? [calibrationSentence(own, held), positivesSentence(own)] : []),
    ...coldSentence(own, counting),
    ...agreementSentence(own, counting),
    ...(own === first ? unfitted : []),
  ]);
}

function headline(own: Measured, held: HeldOut): string {
  const share = (measure: MeasureName): string => {
    const { value, interval } = estimate(own, measure);
    const known = interval.every(Number.isFinite);
    const range = known ? ` (95 % interval ${percent(interval[0])} to ${percent(interval[1])})` : '';
    return `${percent(value)} of comparisons${range}`;
  };
  const users = new Set(own.fidelity.perRow.user).size;
  return (
    `${titleOf(own.subject)}: on ${held.decisions(own.fidelity.rows, users)}, its reward prefers the chosen item to a random item in ` +
    `${share('accuracyUniform')} and to an equally popular item in ${share('accuracyPopular')}; chance is 50 %.`
  );
}

/** The controls that an environment beats, does not differ from, and loses to. */
function standing(own: Measured, controls: readonly Measured[], measure: MeasureName, title: string): string {
  const differences = controls.map((control) => ({ control, by: difference(own, control, measure) }));
  const names = (sign: number): string =>
    differences
      .filter(({ by }) => verdict(by) === sign)
      .map(({ control }) => name(control))
      .join(', ');
  const parts = [
    names(1) && `ahead of ${names(1)}`,
    names(0) && `not measurably different from ${names(0)}`,
    names(-1) && `behind ${names(-1)}`,
  ].filter(Boolean);
  const best = differences.toSorted(
    (a, b) => estimate(b.control, measure).value - estimate(a.control, measure).value,
  )[0];
  const against = best
    ? `; against the best control, ${name(best.control)} (${shown(measure, estimate(best.control, measure).value)}): ${gap(measure, best.by)}`
    : '';
  return `${title}: ${name(own)} has ${shown(measure, estimate(own, measure).value)}, ${parts.join('; ')}${against}.`;
}

function spoiled(own: Measured, control: Measured): string {
  const [ranking, reward] = [difference(own, control, 'ndcg'), difference(own, control, 'accuracyPopular')];
  const what = ['no measurable difference', 'a gain from language', 'a loss from language'];
  const clause = (label: string, measure: MeasureName, by: Gap): string =>
    `${label} ${gap(measure, by)}, ${what.at(verdict(by))}`;
  return (
    `Language, ${name(own)} over ${name(control)}: ${clause('NDCG@10', 'ndcg', ranking)}; ` +
    `${clause('accuracy against equally popular items', 'accuracyPopular', reward)}.`
  );
}

function calibrationSentence(own: Measured, held: HeldOut): string {
  const { calibration, scaled, probabilities } = own.fidelity;
  const slope = scaled?.uniform.slope ?? 1;
  const after = scaled
    ? ` Platt scaling on ${held.validation} shows that it is ${confidence(slope)} (slope ${slope.toFixed(2)}) and gives an ECE of ${formatMetric(scaled.uniform.ece)}.`
    : '';
  const single = probabilities
    ? ` As the probability that the user takes a single action, its calibrated reward has ECE ${formatMetric(probabilities.ece)}.`
    : '';
  return `Calibration of ${name(own)}: its probabilities differ from observed frequencies by ${formatMetric(calibration.uniform.ece)} on average (ECE, random items).${after}${single}`;
}

function confidence(slope: number): string {
  if (slope <= 0) return 'inverted';
  return slope < 0.95 ? 'overconfident' : slope > 1.05 ? 'underconfident' : 'about right';
}

function positivesSentence(own: Measured): string {
  const { coverage, popularity } = own.fidelity;
  const gap = popularity.positives - popularity.logged;
  const tilt = gap > 0.02 ? 'more popular than' : gap < -0.02 ? 'less popular than' : 'as popular as';
  return (
    `The positives of ${name(own)} cover ${percent(coverage)} of the catalog and are ${tilt} the items that users chose: ` +
    `mean popularity percentile ${popularity.positives.toFixed(2)} against ${popularity.logged.toFixed(2)}.`
  );
}

/** The sentence about cold items; none if there are too few decisions. */
function coldSentence(own: Measured, controls: readonly Measured[]): string[] {
  const { cold } = own.fidelity;
  if (cold.rows < 2) return [];
  const against = (measure: MeasureName): string => {
    const value = (control: Measured): number => estimate(control, measure).value;
    const best = controls.toSorted((a, b) => value(b) - value(a))[0];
    if (!best) return '';
    return ` (best control: ${name(best)}, ${shown(measure, value(best))}; ${gap(measure, difference(own, best, measure))})`;
  };
  return [
    `Cold items: on ${cold.rows.toLocaleString('en')} decisions for items that no fitted user interacted with, ${name(own)} has NDCG@10 ${formatMetric(cold.ndcg)}${against('coldNdcg')} ` +
      `and prefers them to random items in ${percent(cold.accuracyUniform)}${against('coldAccuracy')}.`,
  ];
}

/** What the language model knows without a fit, beside others on the same decisions. */
function unfittedSentence(model: Measured, others: readonly Measured[]): string {
  const measure = 'accuracyPopular';
  const { value, interval } = estimate(model, measure);
  const on = (other: Measured): number => estimateOn(model, other, measure).value;
  const best = others.toSorted((a, b) => on(b) - on(a))[0]!;
  const compared = [
    best,
    ...others.filter(({ subject }) => subject.role === 'environment' && subject !== best.subject),
  ];
  const against = compared.map(
    (other) => `${name(other)} ${percent(on(other))} (${gap(measure, difference(model, other, measure))})`,
  );
  return (
    `Without a fit, on a sample of ${model.fidelity.rows.toLocaleString('en')} decisions: ${name(model)} prefers the chosen item to a random item in ` +
    `${percent(estimate(model, 'accuracyUniform').value)} and to an equally popular item in ${percent(value)} of comparisons ` +
    `(95 % interval ${percent(interval[0])} to ${percent(interval[1])}); on the same decisions ${against.join(', ')}.`
  );
}

/** The sentence about the true reward, which is known only in a synthetic world. */
function agreementSentence(own: Measured, controls: readonly Measured[]): string[] {
  const best = controls
    .filter(({ agreement }) => agreement)
    .toSorted((a, b) => b.agreement!.spearman - a.agreement!.spearman)[0];
  if (!own.agreement || !best) return [];
  return [
    `Agreement with the world's true reward: rank correlation ${own.agreement.spearman.toFixed(2)} and ${percent(own.agreement.pairwiseAccuracy)} of pairs in the correct order for ${name(own)}; ` +
      `${best.agreement!.spearman.toFixed(2)} and ${percent(best.agreement!.pairwiseAccuracy)} for the best control, ${name(best)}.`,
  ];
}

/** Accuracies are shares of comparisons, shown in percent; other measures are metrics. */
function shown(measure: MeasureName, value: number): string {
  return isAccuracy(measure) ? percent(value) : formatMetric(value);
}

function isAccuracy(measure: MeasureName): boolean {
  return measure === 'coldAccuracy' || measure.startsWith('accuracy');
}

function gap(measure: MeasureName, by: Gap): string {
  if (!isAccuracy(measure)) return amount(by);
  const points = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(100 * value).toFixed(1)}`;
  if (!by.interval.every(Number.isFinite)) return `${points(by.difference)} points`;
  return `${points(by.difference)} points (95 % interval ${points(by.interval[0])} to ${points(by.interval[1])})`;
}

function name({ subject }: Measured): string {
  return subject.name;
}

function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  return `${(100 * share).toFixed(1)} %`;
}
