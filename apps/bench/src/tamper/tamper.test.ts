import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { outcomeOf, runsOf, smallFolder } from './experiment.ts';

let finished = '';
let wanted = '';
beforeAll(async () => {
  finished = smallFolder();
  wanted = await outcomeOf(finished);
});

/** A copy of the finished folder; `at` finds a path in its runs by prefixes of names. */
function copy(): { folder: string; at: (...names: string[]) => string } {
  const folder = mkdtempSync(join(tmpdir(), 'lea-tampered-'));
  cpSync(finished, folder, { recursive: true });
  const at = (...names: string[]): string =>
    names.reduce(
      (path, name) => join(path, readdirSync(path).find((found) => found.startsWith(name))!),
      runsOf(folder),
    );
  return { folder, at };
}

function flip(path: string, from = 0): void {
  const bytes = readFileSync(path);
  bytes[from < 0 ? bytes.length + from : from]! ^= 1;
  writeFileSync(path, bytes);
}

function replace(path: string, what: string | RegExp, by: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toMatch(what);
  writeFileSync(path, text.replace(what, by));
}

type At = (...names: string[]) => string;

/** Removes the records of the environment and of the run that it teaches, like a kill before they were written. */
function environmentCut(at: At): void {
  rmSync(at('environments', 'language', 'record.json'));
  rmSync(at('language-s', 'record.json'));
}

test.each<[string, (at: At) => void, string[]]>([
  ['item tokens', (at) => flip(at('language', 'tokens', 'tokens'), -1), ['language', 'tokens']],
  ['a language model', (at) => flip(at('language', 'model', 'model'), -1), ['language', 'model']],
  [
    'the config of a language model',
    (at) => replace(at('language', 'model', 'config'), /("rms_norm_eps": )[^,]+/, '$10.1'),
    ['language', 'model'],
  ],
  ['a tokenizer', (at) => replace(at('language', 'model', 'tokenizer'), /"([a-z])",/, '"?",'), ['language', 'model']],
  [
    'the record of other tokens',
    (at) => copyFileSync(at('language', 'model', 'record'), at('language', 'tokens', 'record')),
    ['language', 'tokens'],
  ],
])('%s: the folder to delete is named', async (_, damage, names) => {
  const { folder, at } = copy();
  environmentCut(at);
  damage(at);
  await expect(outcomeOf(folder)).rejects.toMatchObject({ code: 'E_RUN_BROKEN', value: at(...names) });
  // After the folder was deleted as the error says, it is created again.
  rmSync(at(...names), { recursive: true });
  expect(await outcomeOf(folder)).toBe(wanted);
});

test('language from before files carried hashes is taken', async () => {
  const { folder, at } = copy();
  environmentCut(at);
  const path = at('language', 'tokens', 'record');
  const { sha256: _, hash: __, ...record } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(record));
  expect(await outcomeOf(folder)).toBe(wanted);
});

test('an environment that took the place of another is refused', async () => {
  const { folder, at } = copy();
  rmSync(at('language-s', 'record.json'));
  const files = readdirSync(at('environments', 'folds'), { recursive: true }) as string[];
  const other = dirname(files.find((name) => name.endsWith('environment.json'))!);
  for (const name of ['environment.json', 'environment.safetensors']) {
    copyFileSync(at('environments', 'folds', other, name), at('environments', 'language', name));
  }
  const refused = { code: 'E_RUN_BROKEN', value: at('environments', 'language') };
  await expect(outcomeOf(folder)).rejects.toMatchObject(refused);
});

test('the policy of another run is refused as the network of a fused one', async () => {
  const { folder, at } = copy();
  rmSync(at('memory', 'record.json'));
  cpSync(at('language-s', 'policy'), at('plain', 'policy'), { recursive: true });
  await expect(outcomeOf(folder)).rejects.toMatchObject({ code: 'E_RUN_BROKEN', value: at('plain') });
});

test('damaged shards and fits of folds are made again', async () => {
  const { folder, at } = copy();
  rmSync(at('folds-s', 'record.json'));
  const files = readdirSync(at('environments', 'folds'), { recursive: true }) as string[];
  const kept = files.filter((name) => name.includes('/') && name.endsWith('.safetensors'));
  expect(kept).toHaveLength(4);
  for (const name of kept) flip(join(at('environments', 'folds'), name), -1);
  expect(await outcomeOf(folder)).toBe(wanted);
});
