// Writes apps/bench/experiment.schema.json, with which editors complete and check a config. It is made from the schema of the
// bench. `npm run config-schema`; with `-- --check` it only compares
import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { experimentSchema } from '../apps/bench/src/config/schema.ts';
import { agentTypes, encoderTypes, memorySchema } from '../packages/agents/src/index.ts';
import * as env from '../packages/env/src/measuring.ts';
import { signalPartsSchema, signalSchema, trainSchema } from '../packages/train/src/index.ts';
import { docsOf, oneLine } from './doc-comments.mjs';

const file = new URL('../apps/bench/experiment.schema.json', import.meta.url);

// JSON has no NaN, and the bench itself makes the checks that JSON schema cannot express.
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'An experiment of @lea/bench',
  ...toJsonSchema(experimentSchema, { typeMode: 'input', errorMode: 'ignore', ignoreActions: ['metadata'] }),
};

/** Adds the doc comments of an interface, and the defaults, to properties without a description. */
function describe(properties, name, options = {}) {
  const members = docsOf(name);
  if (members.size === 0) throw new Error(`The packages have no interface ${name}.`);
  for (const [member, text] of members) {
    const property = properties[member];
    if (!property) continue;
    property.description ??= oneLine(text);
    const value = options[member]?.default;
    if (value !== undefined && value !== Infinity) property.default ??= value;
  }
}

const environment = schema.properties.environments.additionalProperties.properties;
describe(environment.fit.properties, 'FitEnvironmentOptions', env.fitSchema);
describe(environment.languageModel.properties, 'CatalogModelOptions', env.catalogModelSchema);
describe(environment.itemTokens.properties, 'ItemTokenOptions', env.itemTokenSchema);

const run = schema.properties.runs.items.properties;
describe(run, 'SignalOptions', signalSchema);
describe(run.use.properties, 'SignalParts', signalPartsSchema);
describe(run, 'AnnotateOptions', env.annotateSchema);
describe(run, 'PositiveRule', env.annotateSchema);
describe(run.train.properties, 'TrainOptions', trainSchema);
describe(run.memory.properties, 'MemoryOptions', memorySchema);
describe(run.memory.properties, 'TrainOptions', trainSchema);

const baselines = Object.values(schema.$defs).flatMap(({ oneOf }) => oneOf);
for (const [type, name] of [
  ['co-occurrence', 'CoOccurrenceOptions'],
  ['item-knn', 'ItemKnnOptions'],
  ['sequential-rules', 'SequentialRulesOptions'],
  ['sknn', 'SessionKnnOptions'],
  ['vsknn', 'VsknnOptions'],
  ['stan', 'StanOptions'],
  ['ease', 'EaseOptions'],
]) {
  const { properties } = baselines.find((variant) => variant.properties.type.const === type);
  describe(properties, name);
  // Validation selects the constants that a config leaves out, so the defaults of the functions do not hold.
  for (const property of Object.values(properties)) {
    if (property.description) property.description = property.description.replace(/ Default: .*$/, '');
  }
}

/** Types of packages are names as well. */
const named = (types) => ({ anyOf: [{ enum: types }, { type: 'string' }] });
const encoder = { type: 'object', properties: { type: named(encoderTypes()) }, required: ['type'] };
Object.assign(run.agent.properties, { type: named(agentTypes()), encoder });

/** Types that packages define have their own options. */
for (const variants of Object.values(schema.$defs)) {
  const types = variants.oneOf.map(({ properties }) => properties.type.const);
  const own = { type: 'object', properties: { type: { type: 'string', not: { enum: types } } }, required: ['type'] };
  variants.oneOf.push(own);
}

const text = `${JSON.stringify(schema, null, 2)}\n`;

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('apps/bench/experiment.schema.json is not that of the code. Run npm run config-schema.');
  process.exit(1);
}
