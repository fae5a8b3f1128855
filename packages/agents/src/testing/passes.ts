import { fromTensor, pick, prefixed, type Tensors, type Value, type Values, valueAndGrad } from '@lea/tensor';
import type { Phase } from '../types.ts';
import { type AgentContext, batchFor, type Guidance, guidances, takesActions, updateFrozen } from './agent-context.ts';
import { decisions } from './decisions.ts';
import { keyTensor, perturbed, tensors, tidied, valuesOf } from './tensors.ts';

/** The result of one eager call of `loss`. */
export interface Pass {
  readonly loss: Value;
  readonly metrics: Values;
  readonly terms: Values;
  /** By name; tensors without a gradient are missing. */
  readonly gradients: Values;
}

/** Calls the loss eagerly and computes its gradients with respect to the learning or the target network. */
export function lossPass(
  context: AgentContext,
  phase: Phase,
  feed: { params: Values; target: Values; batch: Values; watch?: (batch: Tensors) => Tensors },
  by: 'params' | 'target' = 'params',
): Pass {
  const { agent } = context;
  return tidied(() => {
    const given = { ...prefixed('params/', tensors(feed.params)), ...tensors(updateFrozen(context, feed.target)) };
    const batch = tensors(feed.batch);
    const { loss, aux, grads } = valueAndGrad(
      (chosen) => {
        const all = { ...given, ...prefixed(`${by}/`, chosen) };
        const { metrics, terms, ...result } = agent.loss({
          params: pick('params/', all),
          ...(agent.target !== 'none' && { target: pick('target/', all) }),
          batch: feed.watch?.(batch) ?? batch,
          key: keyTensor(),
          phase: phase.name,
          frozen: pick('frozen/', all),
        });
        return { ...result, aux: { ...prefixed('metric/', metrics), ...prefixed('term/', terms) } };
      },
      pick(`${by}/`, given),
    );
    return {
      loss: fromTensor(loss),
      metrics: valuesOf(pick('metric/', aux)),
      terms: valuesOf(pick('term/', aux)),
      gradients: valuesOf(grads),
    };
  });
}

/** Computes scores [B, N] eagerly. */
export function scorePass({ agent, frozen }: AgentContext, params: Values, histories: Values): Value {
  return tidied(() => {
    const { items, length } = tensors(histories);
    return fromTensor(agent.score(tensors(params), { items: items!, length: length! }, tensors(frozen)));
  });
}

/** Every phase without signals and, if the loss uses an environment's actions, also with them. */
export function passesOf(context: AgentContext): [Phase, Guidance][] {
  const kinds = takesActions(context) ? [guidances[0]!, guidances.at(-1)!] : [guidances[0]!];
  return context.agent.phases.flatMap((phase) => kinds.map((kind): [Phase, Guidance] => [phase, kind]));
}

/** Two networks, and a batch with all kinds of decisions. */
export function fresh(context: AgentContext): { params: Values; target: Values; batch: Values } {
  const params = perturbed(context.init(1));
  return { params, target: perturbed(context.init(2)), batch: batchFor(context, decisions) };
}
