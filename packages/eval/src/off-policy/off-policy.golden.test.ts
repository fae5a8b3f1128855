import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, test } from 'vitest';
import {
  type ActionValues,
  type BanditEstimator,
  type BanditFeedback,
  describeSupport,
  offPolicyValue,
  type SequenceEstimator,
  sequenceValue,
  type Trajectories,
  tablePolicy,
  uniformPolicy,
} from './index.ts';

const folder = fileURLToPath(new URL('fixtures', import.meta.url));
const read = (name: string) => JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));

/** Made by python/off_policy_fixtures.py of this package. */
const obp = read('obp.json');
const scopeRl = read('scope-rl.json');
const openBandit = read('open-bandit.json');

/** A model whose values are known for every round of one log. */
const known = (actions: number, data: readonly number[]): ActionValues => ({
  name: 'known',
  values: (_, rounds) => [...rounds].flatMap((round) => data.slice(round * actions, (round + 1) * actions)),
});

function campaign(name: string): BanditFeedback {
  const { actions, clicks, action, propensity } = openBandit[name];
  const reward = new Float64Array(10_000);
  for (const i of clicks as number[]) reward[i] = 1;
  return {
    actions,
    reward,
    action: Uint8Array.from(Buffer.from(action, 'base64')),
    propensity: new Float32Array(Uint8Array.from(Buffer.from(propensity, 'base64')).buffer),
  };
}

describe("Open Bandit Pipeline's values", () => {
  const { actions, behavior, policy, model, categories, clip, weightBound, ...columns } = obp.inputs;
  const feedback: BanditFeedback = { actions, ...columns };
  const evaluated = tablePolicy('evaluated', actions, policy);
  const options = {
    behavior: tablePolicy('behavior', actions, behavior),
    model: known(actions, model),
    categories,
    clip,
    minEffective: 0,
    resamples: 1,
  };

  it.each(Object.keys(obp.values.small).filter((name) => name !== 'bernstein'))('%s', async (estimator) => {
    const { value } = await offPolicyValue(feedback, evaluated, {
      ...options,
      estimator: estimator as BanditEstimator,
    });
    expect(value).toBeCloseTo(obp.values.small[estimator], 12);
  });

  it('differ between estimators, so that none can stand for another', () => {
    expect(new Set(Object.values<number>(obp.values.small).map((value) => value.toFixed(6))).size).toBe(10);
  });

  it('the lower bound of the empirical Bernstein interval', async () => {
    const bounds = { weight: weightBound, reward: [0, 1] } as const;
    const { interval } = await offPolicyValue(feedback, evaluated, {
      ...options,
      estimator: 'ips',
      interval: 'bernstein',
      bounds,
    });
    expect(interval[0]).toBeCloseTo(obp.values.small.bernstein, 12);
  });
});

describe('uniform-random evaluated from the Bernoulli TS logs of the Open Bandit sample', () => {
  it.each([
    ['all', 0.00236, 0.002334, 340],
    ['men', 0.003009, 0.003189, 656],
  ])('%s', async (name, ips, snips, effective) => {
    const log = campaign(name);
    const policy = uniformPolicy(log.actions);
    const value = async (estimator: BanditEstimator) =>
      (await offPolicyValue(log, policy, { estimator, resamples: 1 })).value;
    const [byIps, bySnips] = [await value('ips'), await value('snips')];
    expect(byIps).toBeCloseTo(obp.values[name].ips, 12);
    expect(bySnips).toBeCloseTo(obp.values[name].snips, 12);
    expect(byIps).toBeCloseTo(ips, 6);
    expect(bySnips).toBeCloseTo(snips, 6);
    const support = await describeSupport(log, policy);
    expect(support).toMatchObject({ unit: 'round', units: 10_000, answerable: true, reasons: [], unlogged: 0 });
    expect(Math.round(support.effectiveSize)).toBe(effective);
  });

  it('women: refused, with reasons', async () => {
    const log = campaign('women');
    const policy = uniformPolicy(log.actions);
    const support = await describeSupport(log, policy);
    expect(support.effectiveSize).toBeCloseTo(2.1, 1);
    expect(support.reasons).toEqual([
      'the effective sample size of 10000 weights is 2.08 (at least 100 is needed)',
      'the largest 1 % of the weights have 78.7 % of the total weight (at most 50 % are allowed)',
    ]);
    await expect(offPolicyValue(log, policy)).rejects.toMatchObject({ code: 'E_OFF_POLICY_SUPPORT', value: support });
    const estimate = await offPolicyValue(log, policy, { unsupported: 'estimate', resamples: 1 });
    expect(estimate.value).toBeCloseTo(obp.values.women.snips, 12);
    expect(estimate.support).toEqual(support);
  });
});

describe("SCOPE-RL's values", () => {
  const { actions, stepsPerTrajectory, discount, action, reward, propensity, policy, model } = scopeRl.inputs;
  const count = action.length / stepsPerTrajectory;
  const offsets = Array.from({ length: count + 1 }, (_, i) => i * stepsPerTrajectory);
  const trajectories: Trajectories = { actions, action, reward, propensity, offsets, discount };

  it.each(Object.keys(scopeRl.values))('%s', async (estimator) => {
    const { value } = await sequenceValue(trajectories, tablePolicy('evaluated', actions, policy), {
      estimator: estimator as SequenceEstimator,
      model: known(actions, model),
      unsupported: 'estimate',
      resamples: 1,
    });
    // Its self-normalized estimators add 1e-10 to the mean weight.
    expect(value).toBeCloseTo(scopeRl.values[estimator], estimator.startsWith('sn') ? 8 : 12);
  });
});

/** Whether a Python has a package, without importing it. */
function has(name: string): boolean {
  const { LEA_PYTHON } = process.env;
  if (!LEA_PYTHON) return false;
  const test = `import importlib.util as u, sys; sys.exit(u.find_spec(${JSON.stringify(name)}) is None)`;
  try {
    execFileSync(LEA_PYTHON, ['-c', test]);
    return true;
  } catch {
    return false;
  }
}

describe.each([
  ['obp', 'obp_values.py', obp.values],
  ['scope_rl', 'scope_rl_values.py', scopeRl.values],
])('the fixture (LEA_PYTHON names a Python that has %s)', (name, script, values) => {
  test.skipIf(!has(name))('has the values of the library', async () => {
    const path = fileURLToPath(new URL(`../../python/${script}`, import.meta.url));
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const { stdout } = await promisify(execFile)(process.env.LEA_PYTHON!, [path, folder], { timeout: 100_000, env });
    expect(flat(JSON.parse(stdout))).toEqual(flat(values).map(([key, value]) => [key, expect.closeTo(value, 12)]));
  });
});

function flat(values: Record<string, unknown>, path = ''): [string, number][] {
  return Object.entries(values).flatMap(([key, value]): [string, number][] =>
    typeof value === 'number' ? [[path + key, value]] : flat(value as Record<string, unknown>, `${path}${key}/`),
  );
}
