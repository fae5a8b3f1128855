// Writes the pages of options in the docs from the code: meanings are the first sentences of the doc comments, values and defaults
// those of the schemas. `npm run option-tables`; with `-- --check` it only compares.
import { readFileSync, writeFileSync } from 'node:fs';
import * as agents from '../packages/agents/src/index.ts';
import { dynamicsSchema, plannerSchema, worldSchema } from '../packages/data/src/index.ts';
import { readInteractionsSchema, readItemTextsSchema } from '../packages/data/src/node.ts';
import * as env from '../packages/env/src/measuring.ts';
import * as evaluation from '../packages/eval/src/index.ts';
import * as offPolicy from '../packages/eval/src/off-policy/index.ts';
import * as train from '../packages/train/src/index.ts';
import { docsOf, interfaces, meaningOf, oneLine, shortened } from './doc-comments.mjs';

const root = new URL('..', import.meta.url);
const LONGEST_DEFAULT = 90;

/** The values that the check of an option takes, by its own error messages. */
function valuesOf(option) {
  const check = option?.wrapped;
  if (!check) return '–';
  if (check.type === 'boolean') return '`true`, `false`';
  if (check.type === 'picklist') return check.options.map((choice) => `\`${JSON.stringify(choice)}\``).join(', ');
  const message = (value) => check['~standard'].validate(value).issues?.[0].message;
  const text = message(0) ?? message(Symbol('no option')) ?? '–';
  return shortened(
    text
      .replace(/^must (?:be|have) |^is (?=a |")|\.$/g, '')
      .replace(/^above/, 'a number above')
      .replace(`from 1 to ${Number.MAX_SAFE_INTEGER}`, 'of at least 1')
      .replace(`from 0 to ${Number.MAX_SAFE_INTEGER}`, 'of at least 0'),
  );
}

/** The default of the schema. If that is computed, the words of the doc comment about it. */
const defaultOf = (option, doc = '') => {
  const value = option?.default;
  const text = value === Infinity ? 'Infinity' : JSON.stringify(value);
  if (text !== undefined) return `\`${shortened(text, LONGEST_DEFAULT)}\``;
  const words = /\bDefault: (.+?)[.;](?: |$)/.exec(oneLine(doc).replace(/ \([^)]*\)/g, ''))?.[1];
  return words === undefined ? '–' : shortened(words);
};

/** A table of some options of a schema, by default all of an interface. */
function tableOf(schema, type, names = [...docsOf(type).keys()]) {
  const docs = docsOf(type);
  const rows = names.map((name) => {
    if (!docs.get(name)) throw new Error(`${type}.${name} has no doc comment.`);
    return [`\`${name}\``, valuesOf(schema[name]), defaultOf(schema[name], docs.get(name)), meaningOf(docs.get(name))];
  });
  const all = [['option', 'values', 'default', 'meaning'], ...rows].map((row) =>
    row.map((cell) => cell.replaceAll('|', '\\|')),
  );
  const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const ruler = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(all[0]), ruler, ...all.slice(1).map(line)].join('\n');
}

/** The names of the options that an interface declares itself. */
const ownNames = (type) => interfaces.get(type).docs.map(([name]) => name);

const section = (title, ...parts) => [`## ${title}`, ...parts].join('\n\n');

/** The section of a function with all its options. */
const optionsOf = (name, schema, type) => section(`\`${name}\``, tableOf(schema, type));

/** Options that agents share: title, who has them, schema, interface. */
const groups = [
  [
    'The catalog',
    'All agents have these options. See [large-catalogs.md](large-catalogs.md).',
    agents.supervisedLossSchema,
    'SupervisedLossOptions',
  ],
  [
    'Q-learning',
    "All agents with a TD term have these options. See [targets.md](targets.md), [cql.md](cql.md) and [bcq.md](bcq.md).\nThe ½ in the square is that of the authors' code (`trfl.double_qlearning`). The papers have none: `tdWeight: 2`.",
    agents.qSchema,
    'QOptions',
  ],
  ['Negative actions', '`snqn`, `sa2c` and `dqn-ns` have these options.', agents.snqn.schema, 'NegativeOptions'],
  [
    'Actor phase',
    "`sac`, `vpq` and `ccql` have these options. They have a first phase without weights, then one in which each row's cross\nentropy is weighted by the value of its action.",
    agents.sac.schema,
    'SacOptions',
  ],
  [
    'Alignment',
    '`ce` and all agents with a TD term have these options. They act in training only and need signals with the states of the\nenvironment. See [lea.md](lea.md#state).',
    agents.alignmentSchema,
    'AlignmentOptions',
  ],
  [
    'Critic of an environment',
    'All agents with a TD term have these options. See [lea.md](lea.md).',
    agents.guidanceSchema,
    'GuidanceOptions',
  ],
].map(([title, who, schema, type]) => ({
  title,
  who,
  schema,
  type,
  names: ownNames(type),
}));

const agentTypes = [
  [agents.ce, 'CeOptions'],
  [agents.sqn, 'SqnOptions'],
  [agents.snqn, 'SnqnOptions'],
  [agents.sac, 'SacOptions'],
  [agents.sa2c, 'Sa2cOptions'],
  [agents.dqnNs, 'SnqnOptions'],
  [agents.vpq, 'VpqOptions'],
  [agents.ccql, 'CcqlOptions'],
  [agents.proxy, 'ProxyOptions'],
];

/** The groups that an agent has, and a table of its other options and of those that it has with another default or check. */
function agentSection([{ type, schema }, options]) {
  const shared = groups.filter(({ names }) => names.every((name) => name in schema));
  const same = (name) =>
    shared.some(
      (group) =>
        group.names.includes(name) &&
        defaultOf(group.schema[name]) === defaultOf(schema[name]) &&
        valuesOf(group.schema[name]) === valuesOf(schema[name]),
    );
  const own = Object.keys(schema).filter((name) => !same(name));
  const links = shared.map(({ title }) => `[${title}](#${title.toLowerCase().replaceAll(' ', '-')})`);
  return section(
    `\`${type}\``,
    ...(own.length ? [tableOf(schema, options, own)] : []),
    `Shared: ${links.join(',\n')}.`,
  );
}

const made = 'This page is made from the code by `npm run option-tables`.';
const whole = `Every option is listed by its name, its values, its default and its meaning in one sentence. Editors show the whole text,
with the effect of raising and lowering a value, when you point at an option. An unknown option is refused, and the message
names the nearest known one. – means that there is no default: the option follows from others, or is off.`;

const encoderTypes = [
  [agents.gru4rec, 'Gru4recOptions'],
  [agents.caser, 'CaserOptions'],
  [agents.nextitnet, 'NextitnetOptions'],
  [agents.sasrec, 'SasrecOptions'],
  [agents.sasrecModern, 'SasrecModernOptions'],
];

const pages = {
  'docs/environment-options.md': [
    '# Options of environments',
    whole,
    'Functions that run models of this package also take `threads` and `backend`. Those that train take `spinning` as well.',
    made,
    optionsOf('fitEnvironment', env.fitSchema, 'FitEnvironmentOptions'),
    optionsOf('catalogModel', env.catalogModelSchema, 'CatalogModelOptions'),
    optionsOf('learnItemTokens', env.itemTokenSchema, 'ItemTokenOptions'),
    optionsOf('decoderVectors', env.decoderVectorSchema, 'DecoderVectorOptions'),
    optionsOf('annotate', env.annotateSchema, 'AnnotateOptions'),
    optionsOf('textVectors', env.textVectorSchema, 'TextVectorOptions'),
    optionsOf('likelihoodRewards', env.likelihoodSchema, 'LikelihoodOptions'),
    optionsOf('drawExamples', env.drawExamplesSchema, 'DrawExamplesOptions'),
    optionsOf('promptedModel', env.promptedModelSchema, 'PromptedModelOptions'),
    optionsOf('downloadLanguageModel', env.downloadSchema, 'DownloadOptions'),
    optionsOf('rollout', env.rolloutSchema, 'RolloutOptions'),
    optionsOf('serveEnvironment', env.serveSchema, 'ServeEnvironmentOptions'),
    optionsOf('checkEnvironment', env.checkSchema, 'CheckOptions'),
  ],
  'docs/data-options.md': [
    '# Options of data',
    whole,
    made,
    optionsOf('createWorld', worldSchema, 'WorldOptions'),
    section('`dynamics` of `createWorld`', tableOf(dynamicsSchema, 'DynamicsOptions')),
    optionsOf('worldPlanner', plannerSchema, 'PlannerOptions'),
    section(
      'Files',
      '`readInteractions` and `readItemTexts` have these options.',
      tableOf(readInteractionsSchema, 'ReadInteractionsOptions', [...ownNames('FileOptions'), 'missing']),
    ),
    section(
      '`readInteractions`',
      tableOf(readInteractionsSchema, 'ReadInteractionsOptions', ownNames('ReadInteractionsOptions')),
    ),
    section('`readItemTexts`', tableOf(readItemTextsSchema, 'ReadItemTextsOptions', ownNames('ReadItemTextsOptions'))),
  ],
  'docs/agents/options.md': [
    '# Options of agents',
    whole,
    'The first sections hold the options that agents share. The section of an agent holds its own, and those with another\ndefault.',
    made,
    ...groups.map(({ title, who, schema, type, names }) => section(title, who, tableOf(schema, type, names))),
    ...agentTypes.map(agentSection),
  ],
  'docs/encoders/options.md': [
    '# Options of encoders',
    whole,
    made,
    ...encoderTypes.map(([{ type, schema }, options]) => section(`\`${type}\``, tableOf(schema, options))),
  ],
  'docs/evaluation-options.md': [
    '# Options of evaluation',
    whole,
    made,
    optionsOf('evaluate', evaluation.evaluateSchema, 'EvaluateOptions'),
    section('`compare` and `interval`', tableOf(evaluation.intervalSchema, 'IntervalOptions')),
    optionsOf('evaluateInteractive', evaluation.interactiveSchema, 'InteractiveOptions'),
    section('`returnInterval` and `compareReturns`', tableOf(evaluation.returnIntervalSchema, 'ReturnIntervalOptions')),
    optionsOf('testDifference', evaluation.testDifferenceSchema, 'TestDifferenceOptions'),
    optionsOf('compareSeeds', evaluation.compareSeedsSchema, 'CompareSeedsOptions'),
    section('`bootstrapTest`', tableOf(evaluation.bootstrapSchema, 'BootstrapOptions')),
    section('`permutationTest`', tableOf(evaluation.resamplingSchema, 'ResamplingOptions')),
    optionsOf('recommend', evaluation.recommendSchema, 'RecommendListsOptions'),
    optionsOf('listMetrics', evaluation.listMetricsSchema, 'ListMetricsOptions'),
    optionsOf('fidelity', evaluation.fidelitySchema, 'FidelityOptions'),
    optionsOf('rewardAccuracy', evaluation.rewardAccuracySchema, 'RewardAccuracyOptions'),
    optionsOf('repeatHistory', evaluation.repeatHistorySchema, 'RepeatHistoryOptions'),
    optionsOf('textSimilarity', evaluation.textSimilaritySchema, 'TextSimilarityOptions'),
    optionsOf('coOccurrence', evaluation.coOccurrenceSchema, 'CoOccurrenceOptions'),
    optionsOf('itemKnn', evaluation.itemKnnSchema, 'ItemKnnOptions'),
    optionsOf('sequentialRules', evaluation.sequentialRulesSchema, 'SequentialRulesOptions'),
    optionsOf('sknn', evaluation.sessionKnnSchema, 'SessionKnnOptions'),
    optionsOf('vsknn', evaluation.vsknnSchema, 'VsknnOptions'),
    optionsOf('stan', evaluation.stanSchema, 'StanOptions'),
    optionsOf('ease', evaluation.easeSchema, 'EaseOptions'),
    optionsOf('tfidfVectors', evaluation.tfidfSchema, 'TfidfOptions'),
    section(
      'Off-policy evaluation',
      'The functions below are those of `@lea/eval/off-policy`. See [off-policy evaluation](off-policy.md).',
    ),
    optionsOf('describeSupport', offPolicy.supportSchema, 'SupportOptions'),
    section(
      'Estimates',
      '`offPolicyValue`, `offPolicyDifference`, `sequenceValue` and `sequenceDifference` have these options and those of\n`describeSupport`, except `categories`.',
      tableOf(offPolicy.estimateSchema, 'EstimateOptions', ownNames('EstimateOptions')),
    ),
    section(
      '`offPolicyValue` and `offPolicyDifference`',
      tableOf(offPolicy.offPolicyValueSchema, 'OffPolicyValueOptions', ownNames('OffPolicyValueOptions')),
    ),
    section(
      '`sequenceValue` and `sequenceDifference`',
      tableOf(offPolicy.sequenceValueSchema, 'SequenceValueOptions', ownNames('SequenceValueOptions')),
    ),
    optionsOf('fitRewards', offPolicy.fitRewardsSchema, 'FitRewardsOptions'),
    section(
      '`fittedQ`',
      'It has these options and those of `fitRewards`.',
      tableOf(offPolicy.fittedQSchema, 'FittedQOptions', ownNames('FittedQOptions')),
    ),
    optionsOf('countBehavior', offPolicy.countBehaviorSchema, 'CountBehaviorOptions'),
    optionsOf('policyTerms', offPolicy.policyTermsSchema, 'PolicyTermsOptions'),
    optionsOf('fitBehavior', offPolicy.fitBehaviorSchema, 'FitBehaviorOptions'),
    optionsOf('softmaxPolicy', offPolicy.softmaxPolicySchema, 'SoftmaxPolicyOptions'),
    optionsOf('epsilonGreedyPolicy', offPolicy.epsilonGreedyPolicySchema, 'EpsilonGreedyPolicyOptions'),
    optionsOf('topKPolicy', offPolicy.topKPolicySchema, 'TopKPolicyOptions'),
    optionsOf('embeddingClusters', offPolicy.embeddingClustersSchema, 'EmbeddingClustersOptions'),
  ],
  'docs/training-options.md': [
    '# Options of training',
    whole,
    made,
    section(
      '`fit`',
      '`agent`, `train`, `validation` and `rewards` are needed.',
      tableOf(train.trainSchema, 'TrainOptions'),
    ),
    optionsOf('countingMemory', agents.memorySchema, 'MemoryOptions'),
    section(
      '`leaSignals`',
      tableOf(train.signalSchema, 'SignalOptions'),
      '`use` has one switch for each part of LEA:',
      tableOf(train.signalPartsSchema, 'SignalParts'),
    ),
    optionsOf('memoryTeacher', train.memoryTeacherSchema, 'MemoryTeacherOptions'),
    section('`fuse` and `fitFusion`', tableOf(train.fuseSchema, 'FuseOptions')),
  ],
};

for (const [path, parts] of Object.entries(pages)) {
  const page = new URL(path, root);
  const text = `${parts.join('\n\n')}\n`;
  if (!process.argv.includes('--check')) writeFileSync(page, text);
  else if (readFileSync(page, 'utf8') !== text) {
    console.error(`${path} is not that of the code. Run npm run option-tables.`);
    process.exitCode = 1;
  }
}
