import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../', import.meta.url);
const page = readFileSync(new URL('docs/extend.md', root), 'utf8');
const blocks = [...page.matchAll(/^```(ts|json)(.*)\n([\s\S]*?)^```$/gm)].map(([, , file, code]) => ({
  file: file!.trim(),
  code: code!,
}));

/** Without indentation: a block may be the inside of a function. */
const flush = (text: string) => text.replaceAll(/^ +/gm, '');

test.each(blocks)('docs/extend.md: a part of $file', ({ file, code }) => {
  expect(file, 'name the file after ```ts').toMatch(/^examples\/own-agent\//);
  expect(flush(readFileSync(new URL(file, root), 'utf8'))).toContain(flush(code));
});

test('docs/extend.md shows the encoder, the agent, the kit and the config', () => {
  const files = new Set(blocks.map(({ file }) => file.slice('examples/own-agent/'.length)));
  for (const file of ['src/recency-pool.ts', 'src/iql.ts', 'src/conformance.test.ts', 'bench.json']) {
    expect(files).toContain(file);
  }
});
