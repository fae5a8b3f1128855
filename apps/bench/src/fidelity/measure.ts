import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { weightsHash } from '@lea/agents';
import { fold, key } from '@lea/core';
import { writeSealed } from '@lea/core/node';
import { type RewardModel, type Transitions, transitions } from '@lea/data';
import { fitEnvironment, loadEnvironment, subsetOfSequences } from '@lea/env';
import {
  type Fidelity,
  type FidelityRows,
  type FidelitySubject,
  fidelity,
  scoresAsRewards,
  textSimilarity,
} from '@lea/eval';
import { readSafetensors, type Value, writeSafetensors } from '@lea/tensor';
import { type Agreed, agreementOf } from '../experiment/agreement.ts';
import type { Context } from '../experiment/context.ts';
import { follow } from '../experiment/follow.ts';
import { broken, intact, readRecord } from '../experiment/intact.ts';
import { tunedBaseline } from '../experiment/tuning.ts';
import { type CountingSubject, type EnvironmentSubject, MEASUREMENT, type Subject, titleOf } from './subjects.ts';
import { type LazyLanguage, spoiledTokens } from './tokens.ts';
import { type LikelihoodSubject, likelihoodOf } from './zero-shot.ts';

/** A subject with its measurements. */
export interface Measured {
  readonly subject: Subject;
  readonly fidelity: Fidelity;
  /** Agreement with the true reward, in a synthetic world. */
  readonly agreement?: Agreed;
  /** Fitting or counting, and measuring. */
  readonly seconds: number;
  /** False when it was found on disk. */
  readonly fresh: boolean;
}

interface FidelityRecord {
  readonly name: string;
  readonly config: unknown;
  readonly fidelity: Omit<Fidelity, 'perRow'>;
  readonly agreement?: Agreed;
  readonly seconds: number;
  /** Hash of an environment. */
  readonly hash?: string;
  /** Hash of the values per row; absent in records from before files carried hashes. */
  readonly rowsHash?: string;
}

/** The rows of a seeded share of the train users: those that `fitEnvironment` draws for the same share and seed. */
export function rowsOfUsers(train: Transitions, share: number, seed: number): Transitions {
  if (share >= 1) return train;
  const users = subsetOfSequences(train, share, fold(key(seed), 'environment'));
  const own = new Set(train.event);
  return transitions(train.sequences, (event, sequence) => users.has(sequence) && own.has(event));
}

/** The saved measurements of a subject, or undefined when it has to be measured. */
export async function loadMeasured(subject: Subject): Promise<Measured | undefined> {
  const record = await readRecord<FidelityRecord>(recordPath(subject), { config: subject.resolved });
  return record && intact(subject.folder, () => measuredBy(subject, record));
}

/** Path of the record of a measured subject. */
export function recordPath({ folder }: Subject): string {
  return join(folder, 'fidelity.json');
}

async function measuredBy(subject: Subject, record: FidelityRecord): Promise<Measured> {
  const { tensors } = await readSafetensors(join(subject.folder, 'rows.safetensors'));
  if (record.rowsHash !== undefined && record.rowsHash !== weightsHash(tensors)) {
    throw broken(subject.folder, 'its rows do not match its record');
  }
  const column = <T>(name: keyof FidelityRows, type: { from(data: ArrayLike<number>): T }): T =>
    type.from(tensors[name]!.data);
  const perRow: FidelityRows = {
    // Records from before samples have all rows.
    row: tensors.row ? column('row', Int32Array) : Int32Array.from(tensors.user!.data.keys()),
    rank: column('rank', Int32Array),
    user: column('user', Int32Array),
    cold: column('cold', Uint8Array),
    accuracyUniform: column('accuracyUniform', Float64Array),
    accuracyPopular: column('accuracyPopular', Float64Array),
    precision: column('precision', Float64Array),
  };
  const { fidelity: found, agreement, seconds } = revived(record);
  return { subject, fidelity: { ...found, perRow }, seconds, fresh: false, ...(agreement && { agreement }) };
}

/** Fits or counts a subject on its share of the users, measures it on the test users and saves the result. */
export async function measure(
  subject: Subject,
  context: Context,
  seed: number,
  language: LazyLanguage,
): Promise<Measured> {
  const { how, users } = subject;
  const { split } = context;
  const own = { ...context, split: { ...split, train: rowsOfUsers(split.train, users, seed) } };
  // made under a title of its own, before the subject's
  const tokens = readsTokens(how) ? await language.tokens() : undefined;
  context.progress.begin(titleOf(subject));
  const started = performance.now();
  const made =
    'baseline' in how
      ? await counted(how, own, tokens)
      : 'shots' in how
        ? await zeroShot(how, own, seed, language)
        : await environmentOf(subject, how, own, seed, tokens, language);
  try {
    const work = fidelity(made.scorer, split.test, {
      train: split.train,
      fitted: own.split.train,
      // Not for a sample: scaling is a fit, and would take as long again.
      ...('shots' in how ? { sample: how.sample } : { validation: split.validation }),
      ...MEASUREMENT,
      signal: context.signal,
    });
    const found = await follow(work, context);
    const { world } = context.dataset;
    const agreement = world && made.rewards && (await agreementOf(made.rewards, world, split.test));
    const seconds = (performance.now() - started) / 1000;
    await save(subject, found, {
      name: subject.name,
      config: subject.resolved,
      seconds,
      ...(agreement && { agreement }),
      ...(made.hash && { hash: made.hash }),
    });
  } finally {
    await made.dispose?.();
  }
  // Read back, so that a report made anew from disk says the same to the last digit.
  return { ...(await loadMeasured(subject))!, fresh: true };
}

function readsTokens(how: Subject['how']): boolean {
  if ('shots' in how) return false;
  return 'baseline' in how ? how.ownVectors === true : how.itemInput !== 'id';
}

interface Made {
  readonly scorer: FidelitySubject;
  /** Its rewards, to compare with the true ones of a synthetic world. */
  readonly rewards?: Pick<RewardModel, 'window' | 'rewards'>;
  readonly hash?: string;
  dispose?(): Promise<void>;
}

async function counted({ baseline }: CountingSubject, context: Context, vectors: Value | undefined): Promise<Made> {
  const { split, experiment } = context;
  const scorer = vectors
    ? textSimilarity(split.train, vectors, { window: experiment.window })
    : (await tunedBaseline(baseline, context)).scorer;
  return { scorer, rewards: scoresAsRewards(scorer) };
}

async function zeroShot(how: LikelihoodSubject, context: Context, seed: number, language: LazyLanguage): Promise<Made> {
  const scorer = likelihoodOf(how, (await language.languageModel())!, context, seed);
  return { scorer, dispose: () => scorer.dispose() };
}

async function environmentOf(
  { folder, name }: Subject,
  { itemInput, spoil, fit }: EnvironmentSubject,
  context: Context,
  seed: number,
  vectors: Value | undefined,
  language: LazyLanguage,
): Promise<Made> {
  const { split, threads, signal } = context;
  const saved = existsSync(join(folder, 'environment.json'));
  const environment = saved
    ? await intact(folder, () => loadEnvironment(folder, { threads }))
    : await follow(
        fitEnvironment({
          train: split.train,
          validation: split.validation,
          tokens: vectors ? spoiledTokens(vectors, spoil, seed) : null,
          languageModel: await language.languageModel(),
          itemInput,
          name,
          seed,
          threads,
          signal,
          ...fit,
        }),
        context,
      );
  if (!saved) await environment.save(folder);
  return { scorer: environment, rewards: environment, hash: environment.hash, dispose: () => environment.dispose() };
}

/** Writes the rows first and the record last: a record on disk means that the subject is measured. */
async function save(
  subject: Subject,
  found: Fidelity,
  record: Omit<FidelityRecord, 'fidelity' | 'rowsHash'>,
): Promise<void> {
  const { perRow, ...summary } = found;
  const columns = Object.entries(perRow).map(([name, data]): [string, Value] => [
    name,
    data instanceof Float64Array
      ? { dtype: 'float32', shape: [data.length], data: Float32Array.from(data) }
      : { dtype: 'int32', shape: [data.length], data: Int32Array.from(data) },
  ]);
  const rows = Object.fromEntries(columns);
  await writeSafetensors(join(subject.folder, 'rows.safetensors'), rows);
  const whole: FidelityRecord = { ...record, fidelity: summary, rowsHash: weightsHash(rows) };
  await writeSealed(recordPath(subject), whole);
}

/** JSON has no NaN: null in a record means NaN. */
function revived<T>(value: T): T {
  if (value === null) return Number.NaN as T;
  if (Array.isArray(value)) return value.map(revived) as T;
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, revived(v)])) as T;
}
