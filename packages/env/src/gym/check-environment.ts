import {
  abortSignal,
  checkObjects,
  fold,
  type Given,
  key,
  type OptionsSchema,
  option,
  parseOptions,
  type Task,
  task,
  whole,
} from '@lea/core';
import type { EnvironmentEvent } from '../shared/events.ts';
import { checkForks } from './check-forks.ts';
import { type Lengths, lengthsAgainst } from './check-lengths.ts';
import { checkVector } from './check-vector.ts';
import {
  type ActionAt,
  type CheckOptions,
  type Problem,
  patienceFor,
  type Report,
  rejects,
  survivesJson,
  textOf,
} from './checking.ts';
import { outside, type Point, type Space, sample } from './spaces.ts';
import type { StepEnvironment } from './types.ts';

export type { CheckOptions, Problem } from './checking.ts';

/** Defaults and checks of {@link CheckOptions}. */
export const checkSchema: OptionsSchema<CheckOptions> = {
  steps: option(whole(1, 1e6), 50),
  seed: option(whole(0, Number.MAX_SAFE_INTEGER - 2), 0),
  signal: option(abortSignal, undefined),
};

/** The required part of an environment; other members are checked if they exist. */
type Checked = Pick<StepEnvironment, 'observationSpace' | 'actionSpace' | 'horizon' | 'reset' | 'step'> &
  Partial<StepEnvironment>;

/**
 * Checks whether an environment, such as a custom one, satisfies the contract of `StepEnvironment`, by playing episodes with
 * random actions. Errors that it throws are reported as problems too. Parts of the contract that could not be checked are
 * marked `unchecked`. It does not check that a failed step can be repeated.
 *
 * @returns the problems; an empty array if there are none
 * @throws LeaError `E_OPTION_UNKNOWN`, `E_OPTION_VALUE` (also if it is not an object)
 */
export function checkEnvironment(
  environment: Checked,
  options?: Given<CheckOptions>,
): Task<Problem[], EnvironmentEvent<'environment-check'>> {
  return task(() => checking(environment, options));
}

async function* checking(
  environment: Checked,
  options?: Given<CheckOptions>,
): AsyncGenerator<EnvironmentEvent<'environment-check'>, Problem[]> {
  const o = parseOptions('checkEnvironment', checkSchema, options);
  checkObjects('checkEnvironment', { environment });
  const problems = new Map<string, Problem>();
  const report: Report = (rule, message, unchecked) => {
    if (!problems.has(rule)) problems.set(rule, { rule, message, ...(unchecked && { unchecked }) });
  };
  const { observationSpace, actionSpace } = environment;
  for (const [name, space] of Object.entries({ observationSpace, actionSpace })) {
    const wrong = malformed(space);
    if (wrong) report('space', `${name} ${wrong}.`);
  }
  if (actionSpace?.type !== 'discrete' && actionSpace?.type !== 'multi-discrete') {
    report('space', 'actionSpace must be discrete or multi-discrete, because actions are items.');
  }
  if (problems.size > 0) return [...problems.values()];

  const actions = fold(key(o.seed), 'check environment');
  const actionAt: ActionAt = (step) => {
    o.signal?.throwIfAborted();
    return sample(actionSpace, fold(actions, step));
  };
  let done = 0;
  const part = (): EnvironmentEvent<'environment-check'> => ({
    stage: 'environment-check',
    done: ++done,
    total: 6,
    unit: 'parts',
  });
  try {
    const lengths = lengthsAgainst(environment.horizon, report);
    const first = await play(environment, o, actionAt, lengths, report);
    yield part();
    const second = await play(environment, o, actionAt, lengths, report);
    yield part();
    const at = first.findIndex((text, i) => text !== second[i]);
    if (at >= 0) {
      report(
        'determinism',
        `With reset({ seed: ${o.seed} }) and the same actions, the result of ${at === 0 ? 'reset' : `step ${at}`} differed ` +
          'the second time. Draw all random numbers from the seed, and keep no state between episodes.',
      );
    }
    await toTheEnd(environment, o, actionAt, lengths, report);
    yield part();
    await refuses(environment, o.seed, actionSpace, report);
    yield part();
    await checkForks(environment, o, actionAt, report);
    yield part();
    await checkVector(environment, o, actionAt, report);
    yield part();
  } catch (error) {
    o.signal?.throwIfAborted();
    report('throws', `The environment threw an unexpected error: ${String(error)}`);
  }
  return [...problems.values()];
}

/** Plays these actions, with a reset after each episode. Returns all results as strings. */
async function play(
  environment: Checked,
  { seed, steps }: CheckOptions,
  actionAt: ActionAt,
  lengths: Lengths,
  report: Report,
): Promise<string[]> {
  const { observationSpace } = environment;
  lengths.begin();
  const began = await environment.reset({ seed });
  check('reset', began, observationSpace, report);
  const told = [textOf(began)];
  let kept = { observation: began.observation, text: textOf(began.observation) };
  for (let step = 0; step < steps; step++) {
    const result = await environment.step(actionAt(step));
    check('step', result, observationSpace, report);
    if (textOf(kept.observation) !== kept.text) {
      report('observation', 'An observation changed after it was returned. Return a new array each time.');
    }
    kept = { observation: result.observation, text: textOf(result.observation) };
    told.push(textOf(result));
    if (lengths.step(result)) {
      lengths.begin();
      const again = await environment.reset();
      check('reset', again, observationSpace, report);
      told.push(textOf(again));
    }
  }
  return told;
}

function check(rule: 'reset' | 'step', result: unknown, space: Space, report: Report): void {
  const names =
    rule === 'reset' ? ['observation', 'info'] : ['observation', 'reward', 'terminated', 'truncated', 'info'];
  const given = (result ?? {}) as Record<string, unknown>;
  const missing = names.filter((name) => given[name] === undefined);
  if (missing.length > 0) {
    report(rule, `${rule} must return { ${names.join(', ')} }; missing: ${missing.join(', ')}.`);
    return;
  }
  const wrong = outside(space, given.observation);
  if (wrong) {
    report(
      'observation',
      `${rule} returned an observation outside observationSpace: ${wrong}. Widen the space or clip.`,
    );
  }
  if (typeof given.info !== 'object' || given.info === null) report(rule, `${rule} must return an object as info.`);
  else if (!survivesJson(given.info)) {
    report('json', `The info of ${rule} must be plain JSON without NaN, because it is sent to clients.`);
  }
  if (rule === 'reset') return;
  if (typeof given.reward !== 'number' || !Number.isFinite(given.reward)) {
    report('step', `step must return a finite number as reward, got ${String(given.reward)}.`);
  }
  for (const name of ['terminated', 'truncated']) {
    if (typeof given[name] !== 'boolean') report('step', `step must return true or false as ${name}.`);
  }
}

/** Plays until an episode is truncated, and checks that a step after the end is rejected. */
async function toTheEnd(
  environment: Checked,
  o: CheckOptions,
  actionAt: ActionAt,
  lengths: Lengths,
  report: Report,
): Promise<void> {
  const most = patienceFor(environment.horizon, o.steps);
  let ended = false;
  await environment.reset({ seed: o.seed + 1 });
  lengths.begin();
  for (let step = 0; step < most && !(ended && lengths.reached); step++) {
    if (!lengths.step(await environment.step(actionAt(step)))) continue;
    ended = true;
    if (!(await rejects(() => environment.step(actionAt(0))))) {
      report('end', 'A step after the end of an episode must be rejected until reset is called.');
      return;
    }
    await environment.reset();
    lengths.begin();
  }
  const way = 'Increase steps, or check the environment with a smaller horizon.';
  if (!ended) report('end', `No episode ended within ${most} steps. ${way}`, true);
  if (!lengths.reached) report('horizon', `No episode reached its horizon within ${most} steps. ${way}`, true);
}

async function refuses(environment: Checked, seed: number, space: Space, report: Report): Promise<void> {
  await environment.reset({ seed });
  const bad: unknown[] = space.type === 'discrete' ? [space.n, -1, 0.5, Number.NaN, '0', [0]] : [[], 0, 'no'];
  for (const action of bad) {
    if (await rejects(() => environment.step(action as Point))) continue;
    report('action', `The action ${JSON.stringify(action)} is outside actionSpace and must be rejected with an error.`);
    return;
  }
}

function malformed(space: Space | undefined): string | undefined {
  const counts = (values: unknown): boolean =>
    Array.isArray(values) && values.length > 0 && values.every((n) => Number.isInteger(n) && n >= 1);
  if (space?.type === 'discrete') return counts([space.n]) ? undefined : 'must have a whole number n of at least 1';
  if (space?.type === 'multi-discrete') {
    return counts(space.nvec) ? undefined : 'must have an array nvec of whole numbers of at least 1';
  }
  if (space?.type !== 'box') return 'must have type box, discrete or multi-discrete';
  if (!counts(space.shape)) return 'must have an array shape of whole numbers of at least 1';
  const bound = (x: unknown): boolean => x === null || Number.isFinite(x);
  if (!bound(space.low) || !bound(space.high)) return 'must have low and high that are numbers or null';
  return space.low !== null && space.high !== null && space.low > space.high ? 'has low above high' : undefined;
}
