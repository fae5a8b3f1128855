import type { Values } from '@lea/tensor';
import { type AgentContext, batchFor } from './agent-context.ts';
import { decisions, historyValues } from './decisions.ts';
import { type EncoderContext, encode, mixed } from './encoder-context.ts';
import { fresh, lossPass, passesOf, scorePass } from './passes.ts';
import { distance } from './tensors.ts';
import { violation } from './violation.ts';

const drawn =
  'Draw with the key that is passed, for example with dropout or randomUniform of @lea/tensor. ' +
  'Math.random, tf.randomUniform and variables of the module give other numbers in every call.';

/** Parameters, losses and scores repeat. Before all other checks, whose messages would blame something else for chance. */
export function agentRepeats(context: AgentContext): void {
  initRepeats(context);
  const { params, target, batch } = fresh(context);
  for (const [phase, guidance] of passesOf(context)) {
    const guided = batchFor(context, decisions, 0, guidance);
    const pass = () => {
      const { loss, metrics, terms } = lossPass(context, phase, { params, target, batch: guided });
      return { ...metrics, ...terms, loss };
    };
    if (same(pass(), pass())) continue;
    throw violation(`phase "${phase.name}": loss returns different numbers for the same batch and key.`, drawn);
  }
  const score = () => ({ scores: scorePass(context, params, batch) });
  if (!same(score(), score())) {
    const hint = 'Encode with train: false, without dropout, and draw nothing: a score has no key.';
    throw violation('score returns different numbers for the same histories.', hint);
  }
}

/** Parameters and states repeat. Before all other checks, as for agents. */
export function encoderRepeats(context: EncoderContext): void {
  initRepeats(context.supervised);
  const pass = (seed?: number) => ({ ...encode(context, historyValues(mixed, context.shape), seed) });
  if (!same(pass(), pass())) {
    const hint = 'Apply dropout only if mode.train is true, and draw nothing else: evaluation has no key.';
    throw violation('Two evaluations of the same histories differ.', hint);
  }
  if (!same(pass(1), pass(1))) {
    const hint = 'Draw with dropout(x, rate, mode.key, mode.label) of @lea/tensor.';
    throw violation('Two training passes with the same key and label differ.', hint);
  }
}

function initRepeats({ init }: AgentContext): void {
  if (same(init(1), init(1))) return;
  const hint = 'Draw with the key: normal(fold(key, name), n) of @lea/core.';
  throw violation('init returns different parameters for the same key.', hint);
}

/** Whether two sets have the same bits. NaN equals NaN here: another check refuses it. */
function same(one: Values, other: Values): boolean {
  return Object.entries(one).every(([name, { data }]) => other[name] && !(distance(data, other[name].data) > 0));
}
