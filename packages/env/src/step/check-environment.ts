import { checkRanges, fold, key, withDefaults } from '@lea/core';
import { outside, type Point, type Space, sample } from './spaces.ts';
import type { StepEnvironment } from './types.ts';

/** A part of the contract that an environment breaks. */
export interface Problem {
  /** Which part: `space`, `reset`, `step`, `observation`, `determinism`, `horizon`, `end`, `action`, `json`. */
  readonly rule: string;
  /** What was seen, where, and what to do. */
  readonly message: string;
}

export interface CheckOptions {
  /** Steps taken with random actions at most, beside an episode up to its end (default 50). */
  readonly steps: number;
  /** Seed of the actions and of the episodes (default 0). */
  readonly seed: number;
}

type Checked = Pick<StepEnvironment, 'observationSpace' | 'actionSpace' | 'horizon' | 'reset' | 'step'>;

/**
 * Plays with an environment, your own perhaps, and tells in which ways it breaks the contract of `StepEnvironment`.
 * What it throws is reported as well.
 *
 * @returns nothing wrong: an empty list
 */
export async function checkEnvironment(environment: Checked, options?: Partial<CheckOptions>): Promise<Problem[]> {
  const o = withDefaults('checkEnvironment', { steps: 50, seed: 0 }, options);
  checkRanges('checkEnvironment', o, { steps: [1, 1e6, 'whole'], seed: [0, Number.MAX_SAFE_INTEGER - 2, 'whole'] });
  const problems = new Map<string, Problem>();
  const report = (rule: string, message: string): void => {
    if (!problems.has(rule)) problems.set(rule, { rule, message });
  };
  const { observationSpace, actionSpace } = environment;
  for (const [name, space] of Object.entries({ observationSpace, actionSpace })) {
    const wrong = malformed(space);
    if (wrong) report('space', `${name} ${wrong}.`);
  }
  if (actionSpace?.type !== 'discrete' && actionSpace?.type !== 'multi-discrete') {
    report('space', 'actionSpace must be discrete or multi-discrete: actions are items.');
  }
  if (problems.size > 0) return [...problems.values()];

  const actions = fold(key(o.seed), 'check environment');
  const actionAt = (step: number): Point => sample(actionSpace, fold(actions, step));
  try {
    const first = await play(environment, o.seed, o.steps, actionAt, report);
    const second = await play(environment, o.seed, o.steps, actionAt, report);
    const at = first.findIndex((text, i) => text !== second[i]);
    if (at >= 0) {
      report(
        'determinism',
        `After reset({ seed: ${o.seed} }) and the same actions, ${at === 0 ? 'the reset' : `step ${at}`} gave something else the second time. ` +
          'Draw every random number from the seed, and carry nothing over from the episode before.',
      );
    }
    await toTheEnd(environment, o, actionAt, report);
    await refuses(environment, o.seed, actionSpace, report);
  } catch (error) {
    report('throws', `The environment threw where the contract allows no error: ${String(error)}`);
  }
  return [...problems.values()];
}

type Report = (rule: string, message: string) => void;

/** Steps with these actions, beginning again at each end; what came back, as texts. */
async function play(
  environment: Checked,
  seed: number,
  steps: number,
  actionAt: (step: number) => Point,
  report: Report,
): Promise<string[]> {
  const { observationSpace } = environment;
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
    if (result.terminated || result.truncated) {
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
    report(
      'json',
      `The info of ${rule} must be plain JSON without NaN, or it cannot be served: it holds something else.`,
    );
  }
  if (rule === 'reset') return;
  if (typeof given.reward !== 'number' || !Number.isFinite(given.reward)) {
    report('step', `step must return a finite number as reward, not ${String(given.reward)}.`);
  }
  for (const name of ['terminated', 'truncated']) {
    if (typeof given[name] !== 'boolean') report('step', `step must return true or false as ${name}.`);
  }
}

/** An episode is truncated at the horizon, if the user does not leave, and takes no step after its end. */
async function toTheEnd(
  environment: Checked,
  o: CheckOptions,
  actionAt: (step: number) => Point,
  report: Report,
): Promise<void> {
  const { horizon } = environment;
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    report('horizon', `horizon must be a whole number of at least 1, not ${horizon}.`);
    return;
  }
  // An end that is too far away is not waited for.
  if (horizon > 20 * o.steps) return;
  await environment.reset({ seed: o.seed + 1 });
  for (let step = 1; ; step++) {
    const { terminated, truncated } = await environment.step(actionAt(step));
    if (truncated && step < horizon) {
      report('horizon', `Step ${step} was truncated, before the horizon of ${horizon}. Use terminated for other ends.`);
    }
    if (terminated || truncated) break;
    if (step < horizon) continue;
    report('horizon', `Step ${step} was not truncated although it is the last of the horizon. Return truncated: true.`);
    return;
  }
  if (!(await rejects(() => environment.step(actionAt(0))))) {
    report('end', 'A step after the end of an episode must be refused until reset is called.');
  }
}

async function refuses(environment: Checked, seed: number, space: Space, report: Report): Promise<void> {
  await environment.reset({ seed });
  const bad: unknown[] = space.type === 'discrete' ? [space.n, -1, 0.5, Number.NaN, '0', [0]] : [[], 0, 'no'];
  for (const action of bad) {
    if (await rejects(() => environment.step(action as Point))) continue;
    report(
      'action',
      `The action ${JSON.stringify(action)} lies outside actionSpace and must be refused with an error.`,
    );
    return;
  }
}

async function rejects(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch {
    return true;
  }
}

function malformed(space: Space | undefined): string | undefined {
  const counts = (values: unknown): boolean =>
    Array.isArray(values) && values.length > 0 && values.every((n) => Number.isInteger(n) && n >= 1);
  if (space?.type === 'discrete') return counts([space.n]) ? undefined : 'must have a whole n of at least 1';
  if (space?.type === 'multi-discrete') {
    return counts(space.nvec) ? undefined : 'must have a list nvec of whole numbers of at least 1';
  }
  if (space?.type !== 'box') return 'must have the type box, discrete or multi-discrete';
  if (!counts(space.shape)) return 'must have a list shape of whole numbers of at least 1';
  const bound = (x: unknown): boolean => x === null || Number.isFinite(x);
  if (!bound(space.low) || !bound(space.high)) return 'must have a number or null as low and high';
  return space.low !== null && space.high !== null && space.low > space.high ? 'has low above high' : undefined;
}

function survivesJson(value: unknown): boolean {
  try {
    return textOf(JSON.parse(JSON.stringify(value))) === textOf(value);
  } catch {
    return false;
  }
}

/** Equal values, equal texts; NaN and its like are told apart. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, v) => {
    if (ArrayBuffer.isView(v)) return Array.from(v as Float32Array, String);
    if (typeof v === 'number' && !Number.isFinite(v)) return `number ${v}`;
    return typeof v === 'function' || typeof v === 'bigint' || v === undefined ? `${typeof v} ${v}` : v;
  });
}
