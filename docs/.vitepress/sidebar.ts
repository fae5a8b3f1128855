import { globSync } from 'node:fs';
import type { DefaultTheme } from 'vitepress';
import { root } from './pages.ts';

type Item = DefaultTheme.SidebarItem;
const group = (text: string, pages: Record<string, string>, more: Item[] = []): Item => ({
  text,
  items: [...Object.entries(pages).map(([link, title]) => ({ text: title, link: `/${link}` })), ...more],
});
const folded = (item: Item): Item => ({ ...item, collapsed: true });
const named = (folder: string, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${folder}/${name}`, name]));

const guide = group('Guide', {
  '': 'Overview',
  'guide/first-policy': 'First policy',
  'guide/data-set': 'Add a data set',
  'guide/large-logs': 'Large logs, Parquet and SQL',
  'guide/lea': 'LEA on your log',
  'guide/experiment': 'An experiment on your log',
  'guide/many-runs': 'Many runs',
  'guide/tuning': 'Tuning',
  'guide/tracking': 'Tables and curves',
  'guide/serve': 'Train, save, serve',
  'guide/retraining': 'Nightly retraining',
  extend: 'Your own agents and data',
  serving: 'Serving in detail',
  bench: 'The bench in detail',
  'published-protocols': 'Published protocols',
});

const concepts = group('Concepts', {
  architecture: 'Architecture',
  'agents/lea': 'LEA in the agents',
  memory: 'Counting memory',
  'data-options': 'Options of data',
  environment: 'Environment: formulas',
  'environment-options': 'Options of environments',
  'training-options': 'Options of training',
  'pretrained-decoders': 'Pretrained decoders',
  'prompted-model': 'Prompted models',
  fidelity: 'Fidelity',
  'off-policy': 'Off-policy evaluation',
  'evaluation-options': 'Options of evaluation',
  'step-through': 'Step-through environments',
  returns: 'Returns',
});

const agents = group('Agents', {
  'agents/': 'Which agent',
  ...named('agents', ['ce', 'sqn', 'snqn', 'sac', 'sa2c', 'dqn-ns', 'vpq', 'ccql', 'proxy']),
  'agents/options': 'Options of agents',
  'agents/targets': 'Targets',
  'agents/cql': 'CQL',
  'agents/bcq': 'BCQ',
  'agents/large-catalogs': 'Large catalogs',
});

const encoders = group('Encoders', {
  'encoders/': 'Which encoder',
  ...named('encoders', ['gru4rec', 'caser', 'nextitnet', 'sasrec', 'sasrec-modern']),
  'encoders/options': 'Options of encoders',
});

const packages = group('Packages', {
  ...Object.fromEntries(
    ['data', 'eval', 'agents', 'env', 'train', 'tensor', 'core'].map((name) => [`packages/${name}`, `@lea/${name}`]),
  ),
  'packages/env-python': 'lea-env in Python',
});

const results = group('Results', {
  'results/': 'Overview',
  'results/served-policies': 'Served policies',
  'results/returns': 'Returns',
  'results/published': 'Published protocols',
  'results/faithful-sasrec': 'The faithful SASRec',
  'results/lea': "LEA's parts and switches",
  'results/fidelity': 'Fidelity',
  'results/agreement': 'Agreement',
  'results/sampled-losses': 'Sampled losses',
  'results/speed': 'Speed',
  'results/corrections': 'Corrections',
});

/** One page per entry point, written by `api.mjs`. */
const api = group(
  'API reference',
  named(
    'api',
    globSync('@lea/**/*.md', { cwd: `${root}/docs/api` })
      .map((path) => path.slice(0, -3))
      .sort(),
  ),
);

const reference = group('Reference', {
  errors: 'Error codes',
  glossary: 'Glossary',
  contributing: 'Contributing',
  tests: 'Tests and mutants',
  changelog: 'Changelog',
});

export const sidebar: Item[] = [
  guide,
  concepts,
  folded(agents),
  folded(encoders),
  folded(packages),
  folded(api),
  folded(results),
  reference,
];
