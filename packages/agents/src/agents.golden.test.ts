import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { key } from '@lea/core';
import {
  adam,
  compile,
  float32,
  int32,
  interpret,
  keyTensorValue,
  type Program,
  pick,
  prefixed,
  type Runner,
  readSafetensors,
  specsOf,
  type Tensors,
  type Value,
  type Values,
  valueAndGrad,
} from '@lea/tensor';
import { describe, expect, test } from 'vitest';
import { allValues, greedy, head, supervisedHead } from './heads.ts';
import { createAgent } from './registry.ts';
import type { Agent, Shape } from './types.ts';

/** GOLDEN_DIR is the folder of all reference values, or that of the agents itself. */
const given = process.env.GOLDEN_DIR;
const folder = !given
  ? fileURLToPath(new URL('./fixtures', import.meta.url))
  : existsSync(`${given}/agents`)
    ? `${given}/agents`
    : given;
const files = readdirSync(folder).filter((file) => /^\w+__\w+\.safetensors$/.test(file));

const tolerance = { out: 2e-5, term: 2e-5, grad: 2e-5, adam: 2e-4 };
/** Its gradient is 0 in exact arithmetic; Adam turns the reference's rounding noise into steps of up to 0.01 each. */
const noise = 'enc.blocks.0.k.bias';

/** Values that only a critic gives. */
const ofCritic = /^out\.(target_)?q(_next)?$/;
/** Parts of the reference's losses that are inputs of ours, or that ours do not give by themselves. */
const withoutName = ['ce', 'reward', 'beta', 'ce_positive_uncorrected', 'corrected_logits'];

test('there are fixtures', () => {
  expect(files, `no fixtures in ${folder}`).not.toHaveLength(0);
});

describe.each(files)('%s', (file) => {
  test.each(['eager', 'compiled'])('%s equals the reference', async (way) => {
    const make = (program: Program, specs: Parameters<typeof compile>[1], mode: 'loop' | 'direct'): Promise<Runner> =>
      way === 'eager' ? interpret(program, specs, { mode }) : compile(program, specs, { threads: 1, mode });
    const { tensors: t, metadata } = await readSafetensors(`${folder}/${file}`);
    const { agent, phase, rewards } = agentOf(metadata);
    const shape: Shape = { items: Number(metadata.n_items), window: Number(metadata.L) };
    const main = t.main!.data[0]!;
    const params = ownParams(agent, shape, network(t, `net${main}.`));
    const target = ownParams(agent, shape, network(t, `net${3 - main}.`));
    const batch = batchOf(t, rewards, agent);
    const statistics = prefixed('statistic/', statisticsOf(t, agent));

    const once: Program = ({ inputs: { key: stepKey, ...b }, frozen }) => {
      const p = pick('params/', frozen);
      const f = (q: Tensors) => {
        const result = agent.loss({
          params: q,
          target: pick('target/', frozen),
          batch: b,
          key: stepKey!,
          phase,
          frozen: pick('statistic/', frozen),
        });
        return { loss: result.loss, aux: result.terms };
      };
      const { loss, aux, grads } = valueAndGrad(f, p);
      const outputs = { loss, ...prefixed('term.', aux), ...prefixed('grad.', grads) };
      return {
        state: {},
        outputs: { ...outputs, ...passes(agent, p, b, ''), ...passes(agent, pick('target/', frozen), b, 'target_') },
      };
    };
    const inputs: Values = { ...batch, key: keyTensorValue(key(1)) };
    const frozen = { ...prefixed('params/', params), ...prefixed('target/', target), ...statistics };
    const runner = await make(once, { inputs: specsOf(inputs), frozen: specsOf(frozen) }, 'direct');
    const { outputs } = await runner.run({ inputs, frozen });
    await runner.dispose();

    const critic = 'q.weight' in params;
    for (const [name, value] of Object.entries(expected(t))) {
      if (!critic && ofCritic.test(name)) continue;
      close(name, outputs[name], value, name.startsWith('out.') ? tolerance.out : tolerance.term);
    }
    const grads = network(t, 'grad.');
    for (const name of Object.keys(params)) {
      const zero = { ...params[name]!, data: new Float32Array(params[name]!.data.length) };
      close(`grad.${name}`, outputs[`grad.${name}`] ?? zero, grads[name]!, tolerance.grad);
    }
    // What the agent does not have must not matter to the reference either.
    for (const [name, { data }] of Object.entries(grads)) {
      if (!(name in params))
        expect(
          data.every((x) => x === 0),
          `the agent lacks ${name}`,
        ).toBe(true);
    }

    const optimizer = adam({ lr: Number(metadata.lr) });
    const step: Program = ({ state, inputs: { key: stepKey }, frozen: fixed }) => {
      const p = pick('params/', state);
      const { loss, grads: g } = valueAndGrad(
        (q) =>
          agent.loss({
            params: q,
            target: pick('target/', fixed),
            batch: pick('batch/', fixed),
            key: stepKey!,
            phase,
            frozen: pick('statistic/', fixed),
          }),
        p,
      );
      const next = optimizer.update(g, pick('slots/', state), p);
      return { state: { ...prefixed('params/', next.params), ...prefixed('slots/', next.slots) }, outputs: { loss } };
    };
    const state = { ...prefixed('params/', params), ...prefixed('slots/', optimizer.init(params)) };
    const fixed = { ...prefixed('target/', target), ...prefixed('batch/', batch), ...statistics };
    const loop = await make(
      step,
      { state: specsOf(state), inputs: { key: { dtype: 'int32', shape: [2] } }, frozen: specsOf(fixed) },
      'loop',
    );
    const keys = (count: number) => ({ key: int32(new Int32Array(2 * count), [count, 2]) });
    const three = await loop.run({ state, inputs: keys(3), frozen: fixed });
    const four = await loop.run({ state, inputs: keys(4), frozen: fixed });
    await loop.dispose();
    close('adam.losses', four.outputs.loss, t['adam.losses']!, tolerance.adam);
    const after = network(t, 'adam3.');
    for (const name of Object.keys(params)) {
      close(`adam3.${name}`, three.state[`params/${name}`], after[name]!, name === noise ? 0.03 : tolerance.adam);
    }
  });
});

function agentOf(metadata: Record<string, string>): { agent: Agent; phase: string; rewards: [number, number] } {
  const c = JSON.parse(metadata.config!);
  const { blocks: layers, ...others } = JSON.parse(metadata.encoder_config!);
  const encoder = { type: metadata.encoder!, width: Number(metadata.d), ...others, ...(layers && { layers }) };
  const losses = { full: 'softmax', logq: 'sampled-softmax', gbce: 'gbce' } as const;
  const loss = losses[c.ce_mode as keyof typeof losses];
  const catalog = { loss, sampledItems: c.n_neg, calibration: c.gbce_t };
  const q = { gamma: c.gamma, tdWeight: c.q_weight, targetDropout: c.target_dropout, cqlWeight: c.cql };
  const snqn = { ...q, negatives: c.n_neg, negativeReward: c.r_neg };
  const options = {
    ce: catalog,
    sqn: q,
    snqn,
    sac: { ...q, weightClip: c.sac_clamp ? [0, 1e9] : null },
    sa2c: { ...snqn, weightClip: [c.adv_lo, c.adv_hi] },
  }[c.method as 'ce' | 'sqn' | 'snqn' | 'sac' | 'sa2c'];
  const agent = createAgent({ type: c.method, ...options, encoder });
  return { agent, phase: agent.phases.at(-1)!.name, rewards: [c.r_click, c.r_buy] };
}

/** A network of a fixture in our layout: head biases become the last column of the weights. */
function network(t: Values, prefix: string): Values {
  const all = pick(prefix, t);
  for (const name of ['ce', 'q']) {
    const { [`${name}.weight`]: weight, [`${name}.bias`]: bias } = all;
    const [rows, columns] = weight!.shape as [number, number];
    const data = Array.from({ length: rows }, (_, i) => [
      ...weight!.data.slice(i * columns, (i + 1) * columns),
      bias!.data[i]!,
    ]);
    all[`${name}.weight`] = float32(data.flat(), [rows, columns + 1]);
    delete all[`${name}.bias`];
  }
  return all;
}

/** What of a fixture's network the agent has; names and shapes are those of `init`. */
function ownParams(agent: Agent, shape: Shape, all: Values): Values {
  const own = specsOf(agent.init(key(0), shape));
  const params = Object.fromEntries(Object.keys(own).map((name) => [name, all[name]!]));
  expect(specsOf(params)).toEqual(own);
  return params;
}

/** The fixtures draw negatives per row; they are the candidates of the sampled losses. */
function batchOf(t: Values, [click, buy]: [number, number], agent: Agent): Values {
  const b = pick('batch.', t);
  const floats = (value: Value, f: (x: number) => number) => float32(Array.from(value.data, f));
  return {
    items: b.state!,
    length: b.len!,
    action: b.action!,
    reward: floats(b.is_buy!, (x) => (x ? buy : click)),
    done: floats(b.done!, Number),
    nextItems: b.next_state!,
    nextLength: b.next_len!,
    ...(agent.sampling ? { candidates: b.negatives! } : { negatives: b.negatives! }),
  };
}

function statisticsOf(t: Values, agent: Agent): Values {
  if (!agent.frozen.includes('logQ')) return {};
  return { logQ: float32(Array.from(t['batch.sampling_prob']!.data, Math.log)) };
}

/** The outputs of the fixtures: states, heads and greedy actions of one network. */
function passes(agent: Agent, params: Tensors, b: Tensors, role: '' | 'target_'): Tensors {
  const mode = { train: false, label: 'golden' };
  const state = agent.encoder.encode(params, { items: b.items!, length: b.length! }, mode);
  const next = agent.encoder.encode(params, { items: b.nextItems!, length: b.nextLength! }, mode);
  const states = { [`out.${role}state`]: state, [`out.${role}next_state`]: next };
  const main: Tensors = role ? {} : { 'out.logits': allValues(supervisedHead(agent.encoder, params, state)) };
  if (!('q.weight' in params)) return { ...states, ...main };
  const at = head(params, 'q', state);
  const after = head(params, 'q', next);
  const stars: Tensors = role
    ? {}
    : { 'term.a_star': greedy(allValues(after)), 'term.a_neg_star': greedy(allValues(at)) };
  return { ...states, ...main, ...stars, [`out.${role}q`]: allValues(at), [`out.${role}q_next`]: allValues(after) };
}

/** The fixture's values under the names of our outputs. */
function expected(t: Values): Values {
  const names: Record<string, string> = {
    q_pos: 'q',
    q_next: 'qNext',
    y_pos: 'y',
    td_pos: 'td',
    q_neg: 'qNegative',
    y_neg: 'yNegative',
    td_neg: 'tdNegative',
    advantage: 'advantage',
    weight: 'weight',
    cql: 'cql',
    a_star: 'a_star',
    a_neg_star: 'a_neg_star',
  };
  const weight = t['term.weight']?.data;
  const ce = t['term.ce']!;
  const weighted = float32(Array.from(ce.data, (x, i) => x * (weight?.[i] ?? 1)));
  // Fixtures also hold parts their loss does not have: weights of 1, negative terms of 0.
  const unused = (theirs: string) =>
    (theirs === 'weight' && !t['term.advantage']) || (theirs === 'td_neg' && !t['term.q_neg']);
  expect([...Object.keys(names), ...withoutName]).toEqual(expect.arrayContaining(Object.keys(pick('term.', t))));
  const given = (theirs: string) => t[`term.${theirs}`] && !unused(theirs);
  const present = Object.entries(names).filter(([theirs]) => given(theirs));
  const terms = present.map(([theirs, ours]) => [`term.${ours}`, t[`term.${theirs}`]!] as const);
  const outs = Object.entries(t).filter(([name]) => name.startsWith('out.'));
  return { loss: t.loss!, 'term.ce': weighted, ...Object.fromEntries(terms), ...Object.fromEntries(outs) };
}

function close(name: string, actual: Value | undefined, wanted: Value, absolute: number): void {
  expect(actual, `${name} is missing`).toBeDefined();
  expect(actual!.shape, name).toEqual(name.startsWith('adam.losses') ? [4] : wanted.shape);
  for (let i = 0; i < wanted.data.length; i++) {
    const difference = Math.abs(actual!.data[i]! - wanted.data[i]!);
    const allowed = absolute + (name.startsWith('term.') ? 1e-5 * Math.abs(wanted.data[i]!) : 0);
    expect(difference, `${name}[${i}]: ${actual!.data[i]} against ${wanted.data[i]}`).toBeLessThanOrEqual(allowed);
  }
}
