import * as agent from './agent-checks.ts';
import type { AgentContext } from './agent-context.ts';
import * as encoder from './encoder-checks.ts';
import type { EncoderContext } from './encoder-context.ts';
import { memory } from './memory-checks.ts';
import { tables } from './table-checks.ts';

/** A property that every agent or encoder has; throws LeaError `E_CONFORMANCE` where it is missing. */
export type Check<C> = (context: C) => void | Promise<void>;

/** The properties of an agent, by the names of their tests. */
export const agentChecks: Readonly<Record<string, Check<AgentContext>>> = {
  'phases, networks and target fit together': agent.declares,
  'parameters, loss, metrics, terms and scores have the right shapes and are finite': agent.shapes,
  'the loss reads exactly what inputs lists': agent.inputs,
  'rewards of positive actions count by their weights': agent.actions,
  'every parameter learns, but those that are to stay still': agent.gradients,
  'itemTables lists the parameters with a row per item, and what is read of them': tables,
  'no gradient enters the target network': agent.target,
  'rows of a batch do not see each other': agent.rows,
  'a misspelt option is refused with the nearest name': agent.options,
  'it comes back from its JSON': agent.roundTrip,
  'a saved policy scores as before': agent.saved,
  'with a memory it has these properties as well': memory,
  'compiled equals eager': agent.compiled,
  'no tensor is left behind': agent.leaks,
  'the same seed gives the same weights, another seed others': agent.seeds,
  'it learns a Markov chain': agent.learns,
  'it guesses where there is nothing to learn': agent.chance,
};

/** The properties of an encoder; those of training are had with `ce` on it. */
export const encoderChecks: Readonly<Record<string, Check<EncoderContext>>> = {
  'states and item table have the right shapes and are finite': encoder.shapes,
  'the last of all states is the state': encoder.lastOfAll,
  'what lies in the padding changes no state': encoder.padding,
  'a state does not see later events': encoder.future,
  'an empty history has a finite state': encoder.empty,
  'rows of a batch do not see each other': encoder.rows,
  'a history wider than the window is read or refused': encoder.wide,
  'every parameter learns, but those that are to stay still': encoder.gradients,
  'itemTables lists the parameters with a row per item': ({ supervised }) => tables(supervised),
  'dropout is for training alone, and keyed': encoder.dropout,
  'a misspelt option is refused with the nearest name': encoder.options,
  'it comes back from its JSON': encoder.roundTrip,
  'a saved policy scores as before': ({ supervised }) => agent.saved(supervised),
  'with a memory it has these properties as well': ({ supervised }) => memory(supervised),
  'compiled equals eager': encoder.compiled,
  'no tensor is left behind': encoder.leaks,
  'the same seed gives the same weights, another seed others': ({ supervised }) => agent.seeds(supervised),
  'it learns a Markov chain': ({ supervised }) => agent.learns(supervised),
  'it guesses where there is nothing to learn': ({ supervised }) => agent.chance(supervised),
};
