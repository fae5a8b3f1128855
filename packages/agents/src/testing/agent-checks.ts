import { key, stableJson } from '@lea/core';
import type { Tensors } from '@lea/tensor';
import { checkedBatch } from '../batch.ts';
import { createAgent } from '../registry.ts';
import { type AgentContext, batchFor, guidances, inputsFor } from './agent-context.ts';
import { checkRegistered, checkSpelling } from './config-checks.ts';
import { decisions } from './decisions.ts';
import { fresh, lossPass, passesOf, scorePass } from './passes.ts';
import { distance } from './tensors.ts';
import { checkFinite, checkShape, sameValues } from './value-checks.ts';
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
  checkFinite('init', context.init(1));
  const { params, target, batch } = fresh(context);
  const rows = decisions.length;
  for (const [phase, guidance] of passesOf(context)) {
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
      const watched = (all: Tensors) =>
        new Proxy(all, {
          get(of, name) {
            if (typeof name === 'string') read.add(name);
            return Reflect.get(of, name);
          },
        });
      // Every read of a name that is not listed is refused.
      const watch = (all: Tensors) => checkedBatch(agent.name, watched(all));
      lossPass(context, phase, { params, target, batch, watch });
    }
    const unread = Object.keys(listed).find((name) => !read.has(name));
    if (unread)
      throw violation(`inputs lists "${unread}", which no phase reads.`, 'Remove it, because it costs a copy.');
  }
}

/** A misspelled option is refused, and the error suggests the nearest name. */
export function options({ factory, settings: { encoder } }: AgentContext): void {
  checkSpelling(factory, { encoder });
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
