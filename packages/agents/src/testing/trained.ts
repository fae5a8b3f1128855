import { pick, prefixed, type Values } from '@lea/tensor';
import { type AgentContext, ROWS, updateFrozen, updateInputs } from './agent-context.ts';
import { type Decision, historyValues, markovDecisions } from './decisions.ts';
import { updateProgram } from './update-program.ts';

/**
 * Trains through all phases, each from the last weights of the previous one. Two networks alternate; a moving average or copy
 * follows the weights. Returns the parameters of the ranking network.
 */
export async function trained(
  context: AgentContext,
  decisions: (step: number) => readonly Decision[],
  { updates, seed = 0 }: { updates: number; seed?: number },
): Promise<Values> {
  const { agent, settings } = context;
  // The second network learns as well, follows the first, or (without target) is not used.
  const first = context.init(seed);
  const networks = agent.networks === 2 ? [first, context.init(seed + 1)] : [first];
  let target = networks.at(-1)!;
  let step = 0;
  for (const phase of agent.phases) {
    const runner = await context.update(phase);
    const { state } = updateProgram(agent, phase, settings.lr);
    const states = networks.map(state);
    for (let update = 0; update < updates * networks.length; update++, step++) {
      const main = update % networks.length;
      if (agent.networks === 2) target = pick('params/', states[1 - main]!);
      const inputs = updateInputs(context, decisions(step), 1000 * seed + step);
      const done = await runner.run({ state: states[main]!, inputs, frozen: updateFrozen(context, target) });
      states[main] = done.state;
      const params = pick('params/', done.state);
      if (agent.target === 'polyak') target = moved(target, params, agent.tau);
      if (agent.target === 'copy' && (step + 1) % agent.copyEvery === 0) target = params;
    }
    for (const [i, last] of states.entries()) networks[i] = pick('params/', last);
  }
  return networks[0]!;
}

/** Trains on a Markov chain and returns the hit rate at rank 1 on held-out decisions of that chain. */
export async function hitRate(context: AgentContext, chance: number, updates: number): Promise<number> {
  const { shape, frozen } = context;
  const params = await trained(context, (step) => markovDecisions(step + 100, ROWS, chance, shape), { updates });
  const runner = await context.scores();
  const weights = { ...prefixed('params/', params), ...prefixed('frozen/', frozen) };
  const batches = 5;
  let hits = 0;
  for (let i = 0; i < batches; i++) {
    const decisions = markovDecisions(i, ROWS, chance, shape);
    const inputs = historyValues(
      decisions.map(({ history }) => history),
      shape,
    );
    const { outputs } = await runner.run({ inputs, frozen: weights });
    const scores = outputs.scores!.data as Float32Array;
    for (const [row, { action }] of decisions.entries()) {
      const own = scores.subarray(row * shape.items, (row + 1) * shape.items);
      if (own.every((score, item) => item === action || score < own[action]!)) hits++;
    }
  }
  return hits / (batches * ROWS);
}

function moved(target: Values, params: Values, tau: number): Values {
  return Object.fromEntries(
    Object.entries(target).map(([name, old]) => {
      const now = params[name]!.data;
      return [name, { ...old, data: Float32Array.from(old.data, (x, i) => x + tau * (now[i]! - x)) }];
    }),
  );
}
