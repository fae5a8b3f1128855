import * as agent from './agent-checks.ts';
import type { AgentContext } from './agent-context.ts';
import * as encoder from './encoder-checks.ts';
import type { EncoderContext } from './encoder-context.ts';
import * as loss from './loss-checks.ts';
import { memory } from './memory-checks.ts';
import { agentRepeats, encoderRepeats } from './repeat-checks.ts';
import { slopes } from './slopes.ts';
import { tables } from './table-checks.ts';
import * as training from './training-checks.ts';

/** Checks a property of an agent or encoder. Throws LeaError `E_CONFORMANCE` if it is violated. */
export type Check<C> = (context: C) => void | Promise<void>;

/** The properties of an agent, by the names of their tests. */
export const agentChecks: Readonly<Record<string, Check<AgentContext>>> = {
  'phases, networks and target fit together': agent.declares,
  'results repeat: chance comes only from keys': agentRepeats,
  'parameters, loss, metrics, terms and scores have the right shapes and are finite': agent.shapes,
  'the loss reads exactly what inputs lists': agent.inputs,
  'rewards of positive actions count by their weights': loss.actions,
  'every parameter learns, except those in still': loss.gradients,
  'itemTables lists the parameters with one row per item, and the rows that are read': tables,
  'no gradient enters the target network': loss.target,
  'rows of a batch are independent': loss.rows,
  'a misspelled option is refused with the nearest name': agent.options,
  'it can be restored from its JSON': agent.roundTrip,
  'a saved policy scores as before': training.saved,
  'one history is scored as one of many, and the policy can be exported to ONNX': training.exported,
  'with a memory it has the same properties': memory,
  'compiled equals eager': training.compiled,
  'no tensor is left behind': training.leaks,
  'the same seed gives the same weights, another seed others': training.seeds,
  'it learns a Markov chain': training.learns,
  'it guesses if there is nothing to learn': training.chance,
};

/** The properties of an encoder; those of training are checked with the agent `ce`. */
export const encoderChecks: Readonly<Record<string, Check<EncoderContext>>> = {
  'results repeat: chance comes only from keys': encoderRepeats,
  'states and item table have the right shapes and are finite': encoder.shapes,
  'the last state of encodeAll is the state of encode': encoder.lastOfAll,
  'padding does not change states': encoder.padding,
  'a state does not depend on later events': encoder.future,
  'an empty history has a finite state': encoder.empty,
  'rows of a batch are independent': encoder.rows,
  'a history wider than the window is read or refused': encoder.wide,
  'every parameter learns, except those in still': encoder.gradients,
  'gradients are those of finite differences': slopes,
  'itemTables lists the parameters with one row per item': ({ supervised }) => tables(supervised),
  'dropout draws other masks for other keys and labels': encoder.dropout,
  'a misspelled option is refused with the nearest name': encoder.options,
  'it can be restored from its JSON': encoder.roundTrip,
  'a saved policy scores as before': ({ supervised }) => training.saved(supervised),
  'one history is scored as one of many, and the policy can be exported to ONNX': ({ supervised }) =>
    training.exported(supervised),
  'with a memory it has the same properties': ({ supervised }) => memory(supervised),
  'compiled equals eager': encoder.compiled,
  'no tensor is left behind': encoder.leaks,
  'the same seed gives the same weights, another seed others': ({ supervised }) => training.seeds(supervised),
  'it learns a Markov chain': ({ supervised }) => training.learns(supervised),
  'it guesses if there is nothing to learn': ({ supervised }) => training.chance(supervised),
};
