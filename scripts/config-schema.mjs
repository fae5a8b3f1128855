// Writes apps/bench/experiment.schema.json, with which editors complete and check a config. It is made from the schema of the
// bench. `npm run config-schema`; with `-- --check` it only compares
import { readFileSync, writeFileSync } from 'node:fs';
import { toJsonSchema } from '@valibot/to-json-schema';
import { experimentSchema } from '../apps/bench/src/config/schema.ts';
import { agentTypes, encoderTypes } from '../packages/agents/src/index.ts';
import {
  annotateDefaults,
  catalogModelDefaults,
  fitDefaults,
  itemTokenDefaults,
} from '../packages/env/src/measuring.ts';
import { membersOf, oneLine } from './doc-comments.mjs';

const file = new URL('../apps/bench/experiment.schema.json', import.meta.url);

// JSON has no NaN, and the bench itself makes the checks that JSON schema cannot express.
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'An experiment of @lea/bench',
  ...toJsonSchema(experimentSchema, { typeMode: 'input', errorMode: 'ignore', ignoreActions: ['metadata'] }),
};

/** Adds the doc comments of an interface, and the defaults, to properties without a description. */
function describe(properties, path, name, defaults = {}) {
  const members = membersOf(new URL(`../packages/${path}`, import.meta.url).pathname, name);
  if (members.length === 0) throw new Error(`packages/${path} has no interface ${name}.`);
  for (const [member, text] of members) {
    const property = properties[member];
    if (!property) continue;
    property.description ??= oneLine(text);
    if (defaults[member] !== undefined) property.default ??= defaults[member];
  }
}

const environment = schema.properties.environments.additionalProperties.properties;
describe(environment.fit.properties, 'env/src/fit/fit-options.ts', 'FitEnvironmentOptions', fitDefaults);
describe(
  environment.languageModel.properties,
  'env/src/language-model/catalog-model.ts',
  'CatalogModelOptions',
  catalogModelDefaults,
);
describe(environment.itemTokens.properties, 'env/src/items/item-tokens.ts', 'ItemTokenOptions', itemTokenDefaults);

const run = schema.properties.runs.items.properties;
describe(run, 'train/src/signals/options.ts', 'SignalOptions');
describe(run, 'env/src/annotation/annotate.ts', 'AnnotateOptions', annotateDefaults);
describe(run, 'env/src/inference/positives.ts', 'PositiveRule', annotateDefaults);
describe(run.train.properties, 'train/src/options.ts', 'TrainOptions');
describe(run.memory.properties, 'agents/src/memory/options.ts', 'MemoryOptions');
describe(run.memory.properties, 'train/src/options.ts', 'TrainOptions');

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
