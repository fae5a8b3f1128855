import { type Agent, createAgent, createPolicy, type Policy } from '@lea/agents';
import { integers, key } from '@lea/core';
import { historyWindows, type Scorer, type Transitions } from '@lea/data';
import { coOccurrence, evaluate, textSimilarity, tfidfVectors } from '@lea/eval';
import { float32, int32, prefixed, prepare, specsOf, type Values, withOnes, writeSafetensors } from '@lea/tensor';
import { unevenLog } from '../memory/log.ts';
import type { Rounds } from '../settings.ts';
import type { EvalSettings } from './settings.ts';

/** Items of history that are read, and the width of the policy. */
const [WINDOW, WIDTH] = [10, 64];

/** Words per text, and different words. */
const [WORDS, VOCABULARY] = [30, 4000];

/** Prepares evaluations of a whole log. A round returns the mean rank of each batch. */
export async function evaluationRounds(settings: EvalSettings): Promise<Rounds> {
  const { scorer, items, batch, steps } = settings;
  const log = continuing(unevenLog(2 * batch * steps, items), batch * steps);
  const { make, end } = scorer === 'policy' ? await ofPolicy(log, settings) : ofBaseline(log, settings);
  return {
    async round() {
      const { ranks } = await evaluate(make(), log, { batch });
      return Array.from({ length: steps }, (_, i) => mean(ranks.subarray(i * batch, (i + 1) * batch)));
    },
    end,
  };
}

interface Measured {
  /** The scorer of a round. */
  make(): Scorer;
  end(): Promise<void>;
}

async function ofPolicy(log: Transitions, { items, threads, batch, start }: EvalSettings): Promise<Measured> {
  const agent = createAgent({ type: 'ce', encoder: { type: 'sasrec', width: WIDTH } });
  const shape = { items, window: WINDOW };
  const params = agent.init(key(0), shape);
  const policy = createPolicy(agent, params, shape, { threads });
  if (start) await writeSafetensors(start, await forPeer(agent, policy, log, batch));
  return { make: () => policy, end: () => policy.dispose() };
}

/** The states of all rows with a column of ones, the item matrix with the biases, and the targets. */
async function forPeer(agent: Agent, { params, shape }: Policy, log: Transitions, batch: number): Promise<Values> {
  const rows = Array.from({ length: log.count }, (_, row) => row);
  const { items, length } = historyWindows(log, rows, shape.window);
  const inputs = {
    items: int32(items, [log.count, shape.window]),
    length: int32(
      length.map((n) => Math.max(1, n)),
      [log.count],
    ),
  };
  const runner = await prepare(
    ({ inputs: { items, length }, frozen }) => {
      const states = agent.encoder.encode(frozen, { items: items!, length: length! }, { train: false, label: '' });
      return { state: {}, outputs: { states: withOnes(states) } };
    },
    { inputs: specsOf(inputs), frozen: specsOf(params) },
    { mode: 'direct' },
  );
  const { outputs } = await runner.run({ inputs, frozen: params });
  await runner.dispose();
  const steps = log.count / batch;
  const targets = int32(
    log.event.map((event) => log.sequences.items[event]!),
    [steps, batch],
  );
  const states = float32(outputs.states!.data as Float32Array, [steps, batch, WIDTH + 1]);
  return { weight: params['ce.weight']!, ...prefixed('inputs/', { states, targets }) };
}

function ofBaseline(log: Transitions, { scorer, items }: EvalSettings): Measured {
  const words = integers(key(1), items * WORDS, VOCABULARY);
  const texts = Array.from({ length: items }, (_, i) => words.subarray(i * WORDS, (i + 1) * WORDS).join(' '));
  const text = scorer === 'co-occurrence' ? null : tfidfVectors(texts);
  const make = () => (scorer === 'text-similarity' ? textSimilarity(log, text!) : coOccurrence(log, { text }));
  return { make, end: async () => {} };
}

/** The first `count` rows with a history: after an empty one all scores are equal, and the peer does not order ties. */
function continuing(log: Transitions, count: number): Transitions {
  const { offsets } = log.sequences;
  const event = log.event.filter((e, row) => e > offsets[log.sequence[row]!]!).slice(0, count);
  return { ...log, count, event, sequence: event.map((e) => log.sequence[e]!), done: new Uint8Array(count) };
}

function mean(ranks: Int32Array): number {
  return ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
}
