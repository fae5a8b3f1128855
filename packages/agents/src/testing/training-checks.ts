import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import { windowsOf } from '@lea/data';
import { interpret, prefixed } from '@lea/tensor';
import * as tf from '@tensorflow/tfjs-core';
import { exportOnnx } from '../export-onnx.ts';
import { loadPolicy } from '../load.ts';
import { createPolicy } from '../policy.ts';
import { type AgentContext, ROWS, updateFrozen, updateInputs } from './agent-context.ts';
import { decisions, historyValues, markovDecisions } from './decisions.ts';
import { fresh, lossPass, passesOf, scorePass } from './passes.ts';
import { distance, magnitude, perturbed } from './tensors.ts';
import { hitRate, trained } from './trained.ts';
import { updateProgram } from './update-program.ts';
import { checkCompiled, sameValues } from './value-checks.ts';
import { violation } from './violation.ts';

/** Loss, metrics and gradients are the same in compiled and interpreted programs. */
export async function compiled(context: AgentContext): Promise<void> {
  const { agent, shape, settings } = context;
  const params = perturbed(context.init(1));
  const target = perturbed(context.init(2));
  const filled = Array.from({ length: ROWS }, (_, i) => decisions[i % decisions.length]!);
  for (const [phase, guidance] of passesOf(context)) {
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

/** A policy scores one history as it does many, and can be exported to ONNX, where scores are those of one history. */
export async function exported(context: AgentContext): Promise<void> {
  const { served, shape, text } = context;
  const { agent, ...fused } = served;
  const own = { ...fused, ...(agent.encoder.needsText && { text: text! }) };
  const policy = createPolicy(agent, perturbed(context.init(1)), shape, { threads: 1, ...own });
  const hint = 'Take all sizes from the shapes of tensors, also the number of histories, which may be one.';
  const folder = await mkdtemp(join(tmpdir(), 'lea-policy-'));
  const scores = (histories: readonly (readonly number[])[]) =>
    policy.score(windowsOf(histories, shape.window, shape.items));
  try {
    const [first, second] = decisions.map(({ history }) => history) as [readonly number[], readonly number[]];
    const together = (await scores([first, second])).subarray(0, shape.items);
    const off = distance(await scores([first]), together) / Math.max(1, magnitude(together));
    if (!(off < 1e-4)) throw violation('The scores of a history differ when it is the only one.', hint, off);
    await exportOnnx(policy, join(folder, 'policy.onnx'));
  } catch (cause) {
    if (cause instanceof LeaError && cause.code === 'E_CONFORMANCE') throw cause;
    throw violation(`One history cannot be scored or exported: ${(cause as Error).message}`, hint);
  } finally {
    await policy.dispose();
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
