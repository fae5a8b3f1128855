import { expect, test } from 'vitest';
import { valid } from '../testing/configs.ts';
import { check } from './load.ts';

const rate = { from: 0.001, to: 0.1, scale: 'log' };
const given = { method: 'random', trials: 4, budget: { epochs: 2 }, runs: { SNQN: { 'agent.lr': rate } } };

/** The quick preset with a search of its first trained run. */
function searching(change: object): () => unknown {
  const config = valid();
  const { name } = config.runs[0]!;
  const [space] = Object.values((change as typeof given).runs ?? given.runs);
  return () => check({ ...config, search: { ...given, ...change, runs: { [name as string]: space } } }, 'test');
}

test('a search is part of a config', () => {
  expect(searching({})()).toMatchObject({ search: { method: 'random', trials: 4 } });
  expect(searching({ budget: { steps: 3 }, method: 'successive-halving', eta: 2, seed: 7 })).not.toThrow();
});

const space = (options: object) => ({ runs: { any: options } });
test.each([
  ['eta without rungs', { eta: 2 }, /at search\.eta: random search has no rungs/],
  ['too few trials to halve', { method: 'successive-halving', trials: 2 }, /at search\.trials: expected at least eta/],
  ['no option', space({}), /expected at least one option/],
  ['steps that the budget sets', space({ 'train.maxSteps': [1, 2] }), /because the budget of the search sets it/],
  ['the metric that judges', space({ 'train.metric': ['hr@5', 'hr@10'] }), /because it judges the trials/],
  ['a name', space({ name: ['a', 'b'] }), /because it names the run/],
  ['what all objects inherit', space({ '__proto__.x': [1, 2] }), /at search\.runs\..*: no option is named "__proto__"/],
  ['bounds in the wrong order', space({ 'agent.lr': { from: 2, to: 1 } }), /agent\.lr: expected "from" below "to"/],
  ['the logarithm of zero', space({ 'agent.lr': { ...rate, from: 0 } }), /needs numbers above 0/],
  ['bounds that are not whole', space({ k: { from: 1.5, to: 4, whole: true } }), /expected whole numbers as bounds/],
  ['a value twice', space({ k: [1, 1] }), /search\.runs/],
  ['no method', { method: undefined }, /at search\.method: expected one of "random", "successive-halving", got/],
  ['no budget', { budget: {} }, /at search\.budget: expected exactly one of "epochs" and "steps", got an empty/],
  ['two budgets', { budget: { steps: 2, epochs: 1 } }, /exactly one of "epochs" and "steps", got an .* steps, epochs/],
  ['a misspelt budget', { budget: { epoch: 2 } }, /exactly one of "epochs" and "steps", got .* epoch\./],
  ['a budget of nothing', { budget: { epochs: 0 } }, /at search\.budget\.epochs: expected a number above 0, got 0/],
])('%s is refused', (_, change, message) => {
  expect(searching(change)).toThrow(
    expect.objectContaining({ code: 'E_CONFIG', message: expect.stringMatching(message) }),
  );
});

test('a run that is not there is refused with the nearest name, and so is one that trains nothing', () => {
  const config = valid();
  const [first] = config.runs as [{ name: string }];
  const search = (name: string) => ({ ...given, runs: { [name]: { 'agent.lr': rate } } });
  expect(() => check({ ...config, search: search(`${first.name}x`) }, 'test')).toThrow(`Did you mean "${first.name}"?`);
  const taker = { name: 'taker', network: first.name, memory: {} };
  const runs = [...config.runs, taker];
  expect(() => check({ ...config, runs, search: search('taker') }, 'test')).toThrow(/takes the network of another run/);
});
