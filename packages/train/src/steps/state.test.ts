import { sasrec, sqn } from '@lea/agents';
import { key } from '@lea/core';
import { pick, type Values } from '@lea/tensor';
import { expect, it } from 'vitest';
import type { Plan } from '../options.ts';
import { carried, copyDue, initialState, renewCopy } from './state.ts';

const agent = sqn({ encoder: sasrec({ width: 4 }), target: 'copy', copyEvery: 3 });
const plan = { agent } as Plan;
const params = () => agent.init(key(1), { items: 5, window: 3 });
const first = (state: Values, prefix: string) => pick(prefix, state)['q.weight']!.data[0];

it('a periodic copy begins as the parameters and stays while they learn, until it is renewed', () => {
  const network = initialState(agent, params());
  const initial = params()['q.weight']!.data[0];
  expect(pick('target/', network)).toEqual(params());
  network['params/q.weight']!.data[0] = 42;
  expect(first(network, 'target/')).toBe(initial);
  renewCopy(network);
  expect(first(network, 'target/')).toBe(42);
  network['params/q.weight']!.data[0] = 7;
  expect(first(network, 'target/')).toBe(42);
});

it('it is due after every copyEvery updates of a phase, and steps do not carry it', () => {
  expect([1, 2, 3, 4, 5, 6, 7].filter((updates) => copyDue(plan, updates))).toEqual([3, 6]);
  const other = { agent: sqn({ encoder: sasrec({ width: 4 }), target: 'polyak' }) } as Plan;
  expect(copyDue(other, 3)).toBe(false);
  const names = Object.keys(carried(plan, initialState(agent, params())));
  expect(names).toContain('params/q.weight');
  expect(names.filter((name) => name.startsWith('target/'))).toEqual([]);
  expect(Object.keys(carried(other, initialState(other.agent, params())))).toContain('target/q.weight');
});
