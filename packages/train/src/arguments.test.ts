import { ce, countingMemory, sasrec, snqn } from '@lea/agents';
import { expect, it } from 'vitest';
import { chain } from './fixtures/chain.ts';
import { fit } from './train.ts';

const data = chain(12, 1);
const agent = ce({ encoder: sasrec({ width: 8 }) });
const good = { agent, train: data, validation: chain(6, 2), rewards: [0.2, 1] };

const example = 'Give it as agent: snqn({ encoder: sasrec() }).';
const split = 'Pass those of a split: const { train, validation } = splitByUser(interactions).';
const options = 'Call fit({ agent, train, validation, rewards }).';

it.each<[string, unknown, string, string]>([
  ['no options', undefined, 'E_TRAIN_OPTION', `fit: expected options. Got undefined. ${options}`],
  ['null', null, 'E_TRAIN_OPTION', `fit: expected options. Got null. ${options}`],
  ['a string', 'snqn', 'E_TRAIN_OPTION', `fit: expected options. Got "snqn". ${options}`],
  ['an array', [], 'E_TRAIN_OPTION', `fit: expected options. Got []. ${options}`],
  ['no agent', { ...good, agent: undefined }, 'E_TRAIN_OPTION', `fit: agent is missing. ${example}`],
  ['null as agent', { ...good, agent: null }, 'E_TRAIN_OPTION', `fit: expected an agent. Got null. ${example}`],
  ['a number as agent', { ...good, agent: 3 }, 'E_TRAIN_OPTION', `fit: expected an agent. Got 3. ${example}`],
  [
    'a factory',
    { ...good, agent: snqn },
    'E_TRAIN_OPTION',
    `fit: agent is a factory that has not been called. Write snqn({ encoder: sasrec() }). ${example}`,
  ],
  [
    'an encoder as agent',
    { ...good, agent: agent.encoder },
    'E_TRAIN_OPTION',
    `fit: agent is the encoder "sasrec" alone. ${example}`,
  ],
  [
    'JSON as agent',
    { ...good, agent: { type: 'ce', encoder: { type: 'sasrec' } } },
    'E_TRAIN_OPTION',
    'fit: agent is JSON. Got {"type":"ce","encoder":{"type":"sasrec"}}. Make an agent of it: createAgent(json) of @lea/agents.',
  ],
  [
    'no train rows',
    { ...good, train: undefined },
    'E_TRAIN_OPTION',
    `fit: train must be a set of transitions. Got undefined. ${split}`,
  ],
  [
    'no validation rows',
    { ...good, validation: undefined },
    'E_TRAIN_OPTION',
    `fit: validation must be a set of transitions. Got undefined. ${split}`,
  ],
  [
    'sequences that are null',
    { ...good, validation: { count: 3, sequences: null } },
    'E_TRAIN_OPTION',
    `fit: validation must be a set of transitions. Got {"count":3,"sequences":null}. ${split}`,
  ],
  [
    'no rewards',
    { ...good, rewards: undefined },
    'E_REWARD_BAD',
    'fit: rewards must be "logged", or a number per kind of event. Got undefined. For example { "click": 1, "purchase": 1 }.',
  ],
  [
    'rewards as a text',
    { ...good, rewards: '12' },
    'E_REWARD_BAD',
    'fit: rewards must be "logged", or a number per kind of event. Got "12". For example { "click": 1, "purchase": 1 }.',
  ],
  [
    'a memory that was not awaited',
    { ...good, memory: Promise.resolve({}) },
    'E_OPTION_VALUE',
    'fit: memory must be a value, not the promise of one. Got a promise. Pass await countingMemory(train).',
  ],
  [
    'a number as memory',
    { ...good, memory: 3 },
    'E_OPTION_VALUE',
    'fit: memory must be a counting memory. Got 3. Pass await countingMemory(train).',
  ],
  [
    'text vectors that were not awaited',
    { ...good, text: Promise.resolve({}) },
    'E_OPTION_VALUE',
    'fit: text must be a value, not the promise of one. Got a promise. Pass await textVectors(itemTexts).',
  ],
  [
    'texts as text vectors',
    { ...good, text: ['a'] },
    'E_OPTION_VALUE',
    'fit: text must be text vectors, float32 [items, size]. Got ["a"]. Pass await textVectors(itemTexts).',
  ],
  [
    'a policy that was not awaited',
    { ...good, init: Promise.resolve({}) },
    'E_OPTION_VALUE',
    'fit: init must be a value, not the promise of one. Got a promise. Await it first.',
  ],
  [
    'no policy',
    { ...good, init: {} },
    'E_TRAIN_INIT',
    'fit: init: expected a policy. Got {}. Pass one from fit or loadPolicy.',
  ],
  [
    'a number as signal',
    { ...good, signal: 3 },
    'E_OPTION_VALUE',
    'fit: signal must be an AbortSignal. Got 3. Pass the signal of new AbortController().',
  ],
  ['a number as checkpoint', { ...good, checkpoint: 3 }, 'E_OPTION_VALUE', 'fit: checkpoint must be a string. Got 3.'],
  ['a number as metric', { ...good, metric: 10 }, 'E_OPTION_VALUE', 'fit: metric must be a string. Got 10.'],
  [
    'null as sampler',
    { ...good, sampler: null },
    'E_SAMPLER',
    "Expected a known sampler type. Got null. Write sampler: { type: 'permutation' }, { type: 'independent' } or { type: 'sequences' }.",
  ],
  [
    'a text as sampler',
    { ...good, sampler: 'independent' },
    'E_SAMPLER',
    "Expected a known sampler type. Got \"independent\". Write sampler: { type: 'permutation' }, { type: 'independent' } or { type: 'sequences' }.",
  ],
  [
    'a misspelled needed option',
    { ...good, reward: [1, 1] },
    'E_OPTION_UNKNOWN',
    'fit has no option with this name. Got "reward". Did you mean "rewards"?',
  ],
])('fit refuses %s', async (_, given, code, message) => {
  await expect(fit(given as never)).rejects.toThrow(expect.objectContaining({ name: 'LeaError', code, message }));
});

it('a forgotten await is refused with the real memory', async () => {
  const memory = countingMemory(data, { window: 3, gateSteps: 1 });
  await expect(fit({ ...good, memory } as never)).rejects.toThrow(/fit: memory must be a value.*await countingMemory/);
  await (await memory).dispose();
});
