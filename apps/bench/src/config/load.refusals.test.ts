import { expect, test } from 'vitest';
import { type Loose, valid } from '../testing/configs.ts';
import { check } from './load.ts';

const taught = ({ runs }: Loose) => runs.find(({ environment }) => environment === 'language')!;

test.each<[string, (config: ReturnType<typeof valid>) => void, RegExp]>([
  ['a misspelt key', (c) => Object.assign(c, { baseline: [] }), /^f\.json, at baseline: .*Did you mean "baselines"\?/],
  ['a misspelt choice', (c) => (c.split = { type: 'by-usr' }), /at split\.type: .*Did you mean "by-user"\?/],
  [
    'a misspelt agent',
    (c) => (c.runs[0]!.agent = { type: 'cee', encoder: { type: 'sasrec' } }),
    /f\.json: the agent of run/,
  ],
  ['a misspelt base', (c) => (c.runs[1]!.base = 'CEE'), /the base of run "CE-LEA".*Did you mean "CE"\?/],
  ['an environment that is not there', (c) => (c.runs[1]!.environment = 'langage'), /Did you mean "language"\?/],
  [
    'a teacher that is not there',
    (c) => (c.runs[1]!.environment = ['language', 'langage']),
    /names an environment.*"language"/,
  ],
  ['a base that goes round', (c) => (c.runs[0]!.base = 'CE-LEA'), /is its own base/],
  ['two runs of one name', (c) => (c.runs[1]!.name = 'CE'), /expected different names for all runs/],
  [
    'two baselines of one name, which tables would take for seeds',
    (c) =>
      (c.baselines = [
        { type: 'sknn', neighbors: 50 },
        { type: 'sknn', neighbors: 500 },
      ]),
    /expected different names for all baselines\. Got "SKNN"\. Give one of these baselines a "name"/,
  ],
  [
    'a run with the name of a baseline',
    (c) => (c.runs[0]!.name = 'EASE'),
    /expected different names for runs and baselines\. Got "EASE"\. Rename the run/,
  ],
  [
    'a run with the name that a baseline was given',
    (c) => Object.assign(c, { baselines: [{ type: 'sknn', name: 'CE' }] }),
    /expected different names for runs and baselines\. Got "CE"/,
  ],
  [
    'a misspelt constant of a baseline',
    (c) => Object.assign(c, { baselines: [{ type: 'stan', positonScale: 2 }] }),
    /at baselines\.0.*Did you mean "positionScale"\?/,
  ],
  [
    'a repeat that is none',
    (c) => Object.assign(c, { baselines: [{ type: 'ease', repeat: 'nevr' }] }),
    /at baselines\.0\.repeat/,
  ],
  [
    'runs of different validation metrics',
    (c) => (c.runs[1]!.train = { metric: 'hr@5' }),
    /runs "CE" and "CE-LEA" have different validation metrics.*\["ndcg@10","hr@5"\]/,
  ],
  [
    'a misspelt metric of another study',
    (c) => Object.assign(c, { published: [{ name: 'A', metrics: { 'ndgc@10': 0.1 }, source: 'S', protocol: 'P' }] }),
    /at published: .*ndgc/,
  ],
  [
    'a row of another study without its protocol',
    (c) => Object.assign(c, { published: [{ name: 'A', metrics: { 'ndcg@10': 0.1 }, source: 'S' }] }),
    /at published\.0.*needs "protocol", a text\./,
  ],
  [
    'no split',
    (c) => Reflect.deleteProperty(c, 'split'),
    /needs "split", an object whose type is one of "by-user", "user-lists", "leave-one-out", "by-time", "by-time-q/,
  ],
  ['no window', (c) => Reflect.deleteProperty(c, 'window'), /needs "window", a number\./],
  ['a number that is none', (c) => (c.window = 2.5), /at window/],
  [
    'half a seed',
    (c) => (c.seeds = [0.5]),
    /at seeds\.0: expected a whole number below 2\^53 as the seed\. Got 0\.5\.$/,
  ],
  [
    'a name with a path',
    (c) => (c.name = '../x'),
    /at name: expected letters, digits.* becomes a folder\. Got "\.\.\/x"\.$/,
  ],
  ['a package that is a path', (c) => (c.packages = ['./own']), /npm name of a package, not a path\. Got "\.\/own"\.$/],
  ['places that are none', (c) => (c.ks = []), /at ks/],
  ['an inherited name', (c) => (c.runs[1]!.environment = 'toString'), /names an environment that does not exist/],
  [
    'users in percent',
    (c) => (c.environments.language!.fit = { userShare: 20 }),
    /at environments\.language\.fit\.userShare/,
  ],
  ['dropout of everything', (c) => (c.environments.language!.fit = { dropout: 1 }), /language\.fit\.dropout/],
  [
    'a misspelt adapter option',
    (c) => (c.environments.language!.fit = { adaptation: { rnk: 2 } }),
    /at environments\.language\.fit\.adaptation/,
  ],
  ['an encoder without a model', (c) => (c.environments.language!.tier = 'encoder'), /tier "encoder" but no model/],
  [
    'a decoder without a model',
    (c) => (c.environments.language!.tier = 'decoder'),
    /tier "decoder" but no model.*GGUF/,
  ],
  [
    'a decoder that is trained on the texts',
    (c) => (c.environments.language = { itemInput: 'text', tier: 'decoder', model: 'M', languageModel: { width: 32 } }),
    /tier "decoder", which does not use "languageModel"/,
  ],
  [
    'item vectors that heads do not divide',
    (c) => (c.environments.language = { itemInput: 'text', tier: 'decoder', model: 'M', fit: { width: 30, heads: 4 } }),
    /needs a width that is a multiple of heads in fit\. Got \[30,4\]/,
  ],
  [
    'heads that divide nothing',
    (c) => (c.environments.language!.languageModel = { heads: 3 }),
    /width \/ heads\) in languageModel.*multiple of 6/,
  ],
  [
    'a prompt that nobody reads',
    (c) =>
      (c.environments.language = {
        itemInput: 'text',
        tier: 'encoder',
        model: 'M',
        fit: { prompt: '{history}{action}' },
      }),
    /no language model to read it/,
  ],
  [
    'a prompt without slots',
    (c) => (c.environments.language!.fit = { prompt: 'Is {action} good?' }),
    /\{history\} once/,
  ],
  ['pessimism of one head', (c) => (c.runs[1]!.pessimism = 1), /"rewardHeads" in its "fit"/],
  [
    'a rule that counting does not have',
    (c) => (c.runs[2]!.rankBy = 'reward'),
    /"rankBy", which tier "counting" does not support/,
  ],
  [
    'an option that counting does not read',
    (c) => (c.environments.counting!.fit = { epochs: 2 }),
    /environment "counting" has tier "counting", which does not use "fit"/,
  ],
  ['a network that is not there', (c) => (c.runs[4]!.network = 'CEE'), /the network of run "CE \+ memory"/],
  ['a network that has a memory itself', (c) => (c.runs[5]!.network = 'CE + memory'), /cannot take the network/],
  ['a network that comes later', (c) => c.runs.unshift(c.runs.pop()!), /cannot take the network.*comes earlier/],
  ['a network without a memory', (c) => Object.assign(c.runs[4]!, { memory: undefined }), /adds no memory to it/],
  [
    'a taken network that is to be trained',
    (c) => (c.runs[4]!.train = { batch: 2 }),
    /takes the network of another run, so it does not use "train"/,
  ],
  [
    'a taken network of another agent',
    (c) => (c.runs[4]!.agent = { type: 'ce', encoder: { type: 'sasrec' } }),
    /cannot have its own agent/,
  ],
  [
    'a taken network that a memory joins',
    (c) => (c.runs[4]!.memory = { fusion: 'joint' }),
    /cannot be trained jointly/,
  ],
  ['one fold', (c) => (c.environments.language!.folds = 1), /at environments\.language\.folds/],
  ['half a fold', (c) => (c.environments.language!.folds = 2.5), /at environments\.language\.folds/],
  [
    'folds of a teacher that counts',
    (c) => (c.environments.language = { itemInput: 'id', tier: 'counting', folds: 2 }),
    /environment "language" has tier "counting".*needs no folds/,
  ],
  [
    'an option of texts without texts',
    (c) => (c.environments.language = { itemInput: 'id', fit: { itemDropout: 0.5 } }),
    /environment "language" has itemInput "id", which does not use "itemDropout".*0\.5/,
  ],
  [
    'parts of an annotation by folds',
    (c) => Object.assign(c.environments.language!, { folds: 2, annotationRows: 5000 }),
    /environment "language" has folds, each of which is annotated while it is fitted/,
  ],
  [
    'probabilities of several environments',
    (c) => {
      c.environments.language!.folds = 2;
      taught(c).rewardForm = 'calibrated';
    },
    /"rewardForm", which needs an environment without folds/,
  ],
  [
    'states of several environments',
    (c) => {
      c.environments.language!.folds = 2;
      Object.assign(taught(c), { use: { state: true }, stateForm: 'both' });
    },
    /"stateForm", which needs an environment without folds/,
  ],
  ['LEA without its parts', (c) => (taught(c).use = { actions: false }), /"use" leaves out all parts of LEA/],
  ['a reward that is NaN', (c) => (c.rewards = { click: Number.NaN }), /at rewards\.click/],
  ['a seed twice', (c) => (c.seeds = [0, 1, -0]), /at seeds: expected each seed once, got 0 twice/],
  [
    'half a seed of the split',
    (c) => (c.split = { type: 'by-user', seed: 0.3 }),
    /at split\.seed: expected a whole number/,
  ],
  [
    'a seed of the data beyond 2^53',
    (c) => (c.dataset = { type: 'world', seed: 2 ** 53 }),
    /at dataset\.seed: expected a whole number/,
  ],
  [
    'a baseline twice',
    (c) => (c.baselines = [{ type: 'ease', decay: 1 }, { type: 'sknn' }, { decay: 1, type: 'ease' }]),
    /at baselines: expected each baseline once/,
  ],
  ['a teacher twice', (c) => (c.runs[1]!.environment = ['language', 'language']), /expected each name once/],
  ['a name that is a folder', (c) => (c.name = '..'), /at name: expected more than dots.* Got "\.\."/],
  ['a name that is this folder', (c) => (c.name = '.'), /at name: expected more than dots/],
  ['a name that no file may have', (c) => (c.name = 'x'.repeat(300)), /at name: expected a name of at most 100/],
  [
    'a run of such a name',
    (c) => (c.runs[0]!.name = 'ü'.repeat(300)),
    /at runs\.0\.name: expected a name of at most 100/,
  ],
  [
    'an environment of such a name',
    (c) => Object.assign(c, { environments: { ['x'.repeat(300)]: { itemInput: 'id' } } }),
    /expected a name of at most 100/,
  ],
  [
    'a window beyond all',
    (c) => (c.window = 1e12),
    /at window: expected a number of at most 2147483647, got 1000000000000\.$/,
  ],
  ['a text as a number', (c) => (c.window = 'x' as never), /at window: expected a number, got "x"\.$/],
  ['a number as a text', (c) => (c.name = 3 as never), /at name: expected a text, got 3\.$/],
  ['a number as a list', (c) => (c.seeds = 3 as never), /at seeds: expected a list, got 3\.$/],
])('%s is refused by name', (_, spoil, message) => {
  const config = valid();
  spoil(config);
  expect(() => check(config, 'f.json')).toThrow(message);
});

test("numbers beyond all of an agent's options are refused too, whatever its type lets pass", () => {
  const config = valid();
  config.runs[0]!.agent = { type: 'ce', encoder: { type: 'sasrec' }, extra: Infinity };
  expect(() => check(config, 'f.json')).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
});
