import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { key, stableJson } from '@lea/core';
import { windowsOf } from '@lea/data';
import { interpret, prefixed, type Values } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { loadPolicy } from '../load.ts';
import { createPolicy } from '../policy.ts';
import { createAgent } from '../registry.ts';
import type { Phase } from '../types.ts';
import {
  type AgentContext,
  batchFor,
  type Guidance,
  guidances,
  inputsFor,
  ROWS,
  takesActions,
  updateFrozen,
  updateInputs,
} from './agent-context.ts';
import { checkRegistered, checkSpelling } from './config-checks.ts';
import { type Decision, decisions, historyValues, markovDecisions } from './decisions.ts';
import { lossPass, scorePass } from './passes.ts';
import { distance, magnitude, perturbed } from './tensors.ts';
import { hitRate, trained } from './trained.ts';
import { updateProgram } from './update-program.ts';
import { checkCompiled, checkFinite, checkGradients, checkShape, sameValues } from './value-checks.ts';
import { violation } from './violation.ts';

/** The declared phases, networks and target must be consistent. */
export function declares({ agent }: AgentContext): void {
  const { networks, target, tau, copyEvery, phases } = agent;
  const claim = (fine: boolean, what: string, hint: string, value: unknown) => {
    if (!fine) throw violation(what, hint, value);
  };
  claim(
    (networks === 2) === (target === 'coin'),
    'networks and target do not fit together.',
    'Use two networks if and only if target is "coin".',
    { networks, target },
  );
  claim(
    target === 'polyak' ? tau > 0 && tau <= 1 : tau === 0,
    `tau does not fit target "${target}".`,
    'Set it in (0, 1] for "polyak", otherwise 0.',
    tau,
  );
  claim(
    target === 'copy' ? Number.isInteger(copyEvery) && copyEvery >= 1 : copyEvery === 0,
    `copyEvery does not fit target "${target}".`,
    'Set it to a whole number of updates for "copy", otherwise 0.',
    copyEvery,
  );
  const names = phases.map(({ name }) => name);
  claim(
    names.length > 0 && new Set(names).size === names.length,
    'Expected one or more phases with different names.',
    'Start from onePhase(lr) or twoPhases(...).',
    names,
  );
  for (const { name, optimizer, steps } of phases) {
    claim(optimizer.lr > 0, `The learning rate of phase "${name}" must be above 0.`, 'Set optimizer.lr.', optimizer.lr);
    const counted = steps === 'early-stopping' || (Number.isInteger(steps) && steps >= 1);
    claim(counted, `The steps of phase "${name}" must be a whole number.`, 'Or use "early-stopping".', steps);
  }
}

/** Parameters, loss, metrics, terms and scores have the expected shapes and are finite. */
export function shapes(context: AgentContext): void {
  const { shape } = context;
  const initial = context.init(1);
  checkFinite('init', initial);
  if (!sameValues(initial, context.init(1))) {
    throw violation(
      'init returns different parameters for the same key.',
      'Draw with the key: normal(fold(key, name), n).',
    );
  }
  const { params, target, batch } = fresh(context);
  const rows = decisions.length;
  for (const [phase, guidance] of passes(context)) {
    const where = `phase "${phase.name}"`;
    const guided = batchFor(context, decisions, 0, guidance);
    const { loss, metrics, terms } = lossPass(context, phase, { params, target, batch: guided });
    checkShape(`${where}: loss`, loss, [], 'Take the mean over the rows: tf.mean(...).');
    for (const [name, metric] of Object.entries(metrics)) {
      checkShape(`${where}: metric "${name}"`, metric, [], 'Metrics are scalars for the log; take their mean.');
    }
    for (const [name, term] of Object.entries(terms)) {
      if (term.shape[0] === rows && term.shape.length <= 2) continue;
      const hint = `Return terms before the mean, here [${rows}] or [${rows}, K].`;
      throw violation(`${where}: the term "${name}" must have one entry per row.`, hint, term.shape);
    }
    if (Object.keys(terms).length === 0) {
      throw violation(`${where}: loss returns no terms.`, 'Return the terms per row: terms: { ce: perRow }.');
    }
    checkFinite(where, { loss, ...metrics, ...terms });
  }
  const scores = scorePass(context, params, batch);
  checkShape('score', scores, [rows, shape.items], 'Return one score per item, without padding.');
  checkFinite('score', { scores });
  if (distance(scores.data, scorePass(context, params, batch).data) > 0) {
    throw violation(
      'score returns different numbers for the same histories.',
      'Encode with train: false, without dropout.',
    );
  }
}

/** The loss reads what `inputs` lists, and nothing else. */
export function inputs(context: AgentContext): void {
  const { agent } = context;
  const { params, target } = fresh(context);
  for (const guidance of guidances) {
    const listed = inputsFor(context, decisions.length, guidance);
    const batch = batchFor(context, decisions, 0, guidance);
    const read = new Set<string>();
    for (const phase of agent.phases) {
      const watch = (all: Record<string, tf.Tensor>) =>
        new Proxy(all, {
          get(of, name) {
            if (typeof name === 'string') read.add(name);
            return Reflect.get(of, name);
          },
        });
      try {
        lossPass(context, phase, { params, target, batch, watch });
      } catch (cause) {
        const missing = [...read].filter((name) => !(name in listed) && !optional.has(name));
        if (missing.length === 0) throw cause;
        throw violation(`loss reads batch.${missing[0]}, which inputs does not list.`, listHint, Object.keys(listed));
      }
    }
    const unlisted = [...read].find((name) => !(name in listed) && !optional.has(name));
    if (unlisted) {
      throw violation(`loss reads batch.${unlisted}, which inputs does not list.`, listHint, Object.keys(listed));
    }
    const unread = Object.keys(listed).find((name) => !read.has(name));
    if (unread)
      throw violation(`inputs lists "${unread}", which no phase reads.`, 'Remove it, because it costs a copy.');
  }
}

const listHint = 'The trainer feeds only tensors that inputs lists. Add its name, dtype and shape there.';
/** Optional tensors of a batch: a loss may check whether they are present. */
const optional = new Set(['targets', 'targetWeights', 'targetRewards', 'negatives', 'candidates', 'offsets']);

/**
 * If the loss uses rewards of an environment's actions, they count in proportion to the action's weight, so not at
 * weight 0.
 */
export function actions(context: AgentContext): void {
  if (!takesActions(context)) return;
  const { params, target } = fresh(context);
  const batch = batchFor(context, decisions, 0, guidances.at(-1)!);
  const weights = batch.targetWeights!;
  const rewards = batch.targetRewards!;
  const unweighted = { ...weights, data: new Float32Array(weights.data.length) };
  const raised = { ...rewards, data: Float32Array.from(rewards.data, (x) => x + 3) };
  for (const phase of context.agent.phases) {
    const loss = (other: Values) =>
      lossPass(context, phase, { params, target, batch: { ...batch, ...other } }).loss.data[0]!;
    if (loss({}) === loss({ targetRewards: raised })) {
      throw violation(
        `inputs lists "targetRewards", but the loss does not depend on them (phase "${phase.name}").`,
        'Use them as rewards of TD targets, as critic does, or remove them from inputs.',
      );
    }
    if (loss({ targetWeights: unweighted }) === loss({ targetWeights: unweighted, targetRewards: raised })) continue;
    throw violation(
      `Rewards of actions with weight 0 change the loss (phase "${phase.name}").`,
      'A weight of 0 disables an action. Multiply its term by the weight, or draw actions by their weights.',
    );
  }
}

/** Every parameter gets a gradient in some phase, except those in `still`, which get none. */
export function gradients(context: AgentContext): void {
  const { params, target, batch } = fresh(context);
  const passes = context.agent.phases.map((phase) => lossPass(context, phase, { params, target, batch }).gradients);
  checkGradients(params, passes, context.settings.still);
}

/** The target network gets no gradient. */
export function target(context: AgentContext): void {
  if (context.agent.target === 'none') return;
  const { params, target: valuing } = fresh(context);
  for (const [phase, guidance] of passes(context)) {
    const feed = { params, target: valuing, batch: batchFor(context, decisions, 0, guidance) };
    for (const [name, { data }] of Object.entries(lossPass(context, phase, feed, 'target').gradients)) {
      if (magnitude(data) === 0) continue;
      throw violation(
        `In phase "${phase.name}" the parameter "${name}" of the target network gets a gradient.`,
        'Apply stopGradient of @lea/tensor to the values that the target network computes.',
      );
    }
  }
}

/**
 * Rows of a batch are independent: changing the decision of one row does not change the terms of other rows, and changes the
 * loss by an amount that does not depend on other rows.
 */
export function rows(context: AgentContext): void {
  if (!context.settings.separable) return;
  const { params, target } = fresh(context);
  const [one, two] = [1, 4];
  const first = decisions.with(one, { history: [6, 1], action: 0, reward: 0.7, done: true });
  const second = (of: readonly Decision[]) => of.with(two, { history: [2, 5, 8], action: 6, reward: -0.3 });
  const hint = 'Reduce over items (axis 1), not over rows. Set separable: false if the loss compares rows on purpose.';
  for (const [phase, guidance] of passes(context)) {
    const pass = (of: readonly Decision[]) =>
      lossPass(context, phase, { params, target, batch: batchFor(context, of, 0, guidance) });
    const [before, after] = [pass(decisions), pass(first)];
    for (const [name, term] of Object.entries(before.terms)) {
      const width = term.data.length / decisions.length;
      for (let row = 0; row < decisions.length; row++) {
        const of = (data: ArrayLike<number>) => Array.from({ length: width }, (_, i) => data[row * width + i]!);
        if (row === one || distance(of(term.data), of(after.terms[name]!.data)) < 1e-5) continue;
        const what = `The term "${name}" of a row depends on other rows of the batch (phase "${phase.name}").`;
        throw violation(what, hint);
      }
    }
    const [a, b, c, d] = [before, after, pass(second(decisions)), pass(second(first))].map(({ loss }) => loss.data[0]!);
    if (Math.abs(a! - b! - c! + d!) < 1e-5 * Math.max(1, Math.abs(a!))) continue;
    const what = `The contribution of a row to the loss depends on other rows of the batch (phase "${phase.name}").`;
    throw violation(what, hint);
  }
}

/** The agent can be restored from its JSON. */
export function roundTrip(context: AgentContext): void {
  const { agent, shape, text } = context;
  const again = checkRegistered('agent', agent.config, createAgent);
  const hint = 'Build the agent only from the options and the encoder.';
  if (stableJson(again.phases) !== stableJson(agent.phases)) {
    throw violation('The agent restored from its JSON has different phases.', hint, again.phases);
  }
  const params = context.init(1);
  if (!sameValues(params, again.init(key(1), shape, text))) {
    throw violation('The agent restored from its JSON has different parameters.', hint);
  }
  const batch = batchFor(context, decisions);
  const scores = [agent, again].map((one) => scorePass({ ...context, agent: one }, params, batch).data);
  if (distance(scores[0]!, scores[1]!) > 0)
    throw violation('The agent restored from its JSON returns different scores.', hint);
}

/** A misspelled option is refused, and the error suggests the nearest name. */
export function options({ factory, settings: { encoder } }: AgentContext): void {
  checkSpelling(factory, { encoder });
}

/** A policy returns the same scores after saving and loading. */
export async function saved(context: AgentContext): Promise<void> {
  const { served, shape, text } = context;
  const { agent, ...fused } = served;
  const params = perturbed(context.init(1));
  const eager = { backend: 'cpu', batch: decisions.length };
  const own = { ...fused, ...(agent.encoder.needsText && { text: text! }) };
  const policy = createPolicy(agent, params, shape, { ...eager, ...own });
  const folder = await mkdtemp(join(tmpdir(), 'lea-policy-'));
  try {
    await policy.save(folder);
    const loaded = await loadPolicy(folder, eager);
    const windows = windowsOf(
      decisions.map(({ history }) => [...history]),
      shape.window,
      shape.items,
    );
    if (distance(await policy.score(windows), await loaded.score(windows)) === 0) return;
    throw violation(
      'A policy returns different scores after saving and loading.',
      'Everything that affects scores must be in the options or parameters, not in variables of the module or a closure.',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same seed gives bit-identical weights; a different seed gives different weights. */
export async function seeds(context: AgentContext): Promise<void> {
  const run = (seed: number) =>
    trained(context, (step) => markovDecisions(step + 100, ROWS, 0.9, context.shape), { updates: 4, seed });
  const [one, same, other] = [await run(0), await run(0), await run(1)];
  if (!sameValues(one, same)) {
    throw violation(
      'Two runs with the same seed end with different weights.',
      'Draw only with the keys passed to init and loss. Math.random and module state make runs irreproducible.',
    );
  }
  if (sameValues(one, other)) {
    throw violation('Runs with different seeds end with the same weights.', 'Draw with the key passed to init.');
  }
}

/** Loss, metrics and gradients are the same in compiled and interpreted programs. */
export async function compiled(context: AgentContext): Promise<void> {
  const { agent, shape, settings } = context;
  const params = perturbed(context.init(1));
  const target = perturbed(context.init(2));
  const filled = Array.from({ length: ROWS }, (_, i) => decisions[i % decisions.length]!);
  for (const [phase, guidance] of passes(context)) {
    const { program, state } = updateProgram(agent, phase, settings.lr);
    const some = [...filled.slice(0, 12), ...markovDecisions(1, ROWS - 12, 0.9, shape)];
    const feed = {
      state: state(params),
      inputs: updateInputs(context, some, 5, guidance),
      frozen: updateFrozen(context, target),
    };
    const specs = { state: feed.state, inputs: feed.inputs, frozen: feed.frozen };
    const eager = await (await interpret(program, specs, { mode: 'direct' })).run(feed);
    const graph = await (await context.update(phase, guidance)).run(feed);
    checkCompiled(`phase "${phase.name}"`, graph.outputs, eager.outputs);
  }
  const histories = historyValues(
    filled.map(({ history }) => history),
    shape,
  );
  const frozen = { ...prefixed('params/', params), ...prefixed('frozen/', context.frozen) };
  const { outputs } = await (await context.scores()).run({ inputs: histories, frozen });
  checkCompiled('score', outputs, { scores: scorePass(context, params, histories) });
}

/** A pass leaves no tensors behind. */
export function leaks(context: AgentContext): void {
  const { agent } = context;
  const { params, target, batch } = fresh(context);
  const run = () => {
    for (const phase of agent.phases) lossPass(context, phase, { params, target, batch });
    scorePass(context, params, batch);
  };
  run();
  const before = tf.memory().numTensors;
  run();
  const left = tf.memory().numTensors - before;
  if (left === 0) return;
  throw violation('A pass leaves tensors behind.', 'Do not use tf.keep or create variables in loss and score.', left);
}

/** After training, actions that follow the rule of a Markov chain are ranked first. */
export async function learns(context: AgentContext): Promise<void> {
  const { updates, floor } = context.settings;
  const rate = await hitRate(context, 0.9, updates);
  if (rate >= floor) return;
  throw violation(
    `After ${updates} updates per phase and network, too few held-out actions of a Markov chain are ranked first.`,
    `Expected a share of at least ${floor}. Check the loss and the ranking head; for slow learners raise updates or lower floor.`,
    rate,
  );
}

/** Random actions are ranked first only as often as by guessing. */
export async function chance(context: AgentContext): Promise<void> {
  const { settings, shape } = context;
  const rate = await hitRate(context, 0, Math.ceil(settings.updates / 3));
  // With 240 decisions, guessing stays below this with a probability of 99.999 %.
  const guess = 1 / shape.items;
  const most = guess + 4.5 * Math.sqrt((guess * (1 - guess)) / (5 * ROWS));
  if (rate <= most) return;
  throw violation(
    'Random actions are ranked first more often than by chance.',
    `Expected about ${guess.toFixed(3)}, at most ${most.toFixed(3)}. Scores must depend only on params and histories.`,
    rate,
  );
}

/** Every phase without signals and, if the loss uses an environment's actions, also with them. */
function passes(context: AgentContext): [Phase, Guidance][] {
  const kinds = takesActions(context) ? [guidances[0]!, guidances.at(-1)!] : [guidances[0]!];
  return context.agent.phases.flatMap((phase) => kinds.map((kind): [Phase, Guidance] => [phase, kind]));
}

/** Two networks, and a batch with all kinds of decisions. */
function fresh(context: AgentContext): { params: Values; target: Values; batch: Values } {
  const params = perturbed(context.init(1));
  return { params, target: perturbed(context.init(2)), batch: batchFor(context, decisions) };
}
