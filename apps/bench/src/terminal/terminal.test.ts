import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeaError } from '@lea/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { counted } from './counted.ts';
import { duration } from './duration.ts';
import { describeFailure } from './failure.ts';
import { checkFlags, folderOf, seedOf, seedsOf } from './flags.ts';
import { printable, printableJson, printableLines } from './printable.ts';
import { createProgress } from './progress.ts';
import { numbersPath, reportPath } from './report-path.ts';
import { typed } from './typed.ts';

function screen(isTTY: boolean): { out: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const write = (part: string) => {
    text += part;
    return true;
  };
  return { out: { isTTY, columns: 100, write } as unknown as NodeJS.WriteStream, text: () => text };
}

test('durations', () => {
  expect([0.04, 9.96, 59.6, 65, 3723].map(duration)).toEqual(['0.0 s', '10.0 s', '60 s', '1:05 min', '1:02:03 h']);
});

test('on a terminal a bar is redrawn with the time left, counted from where the stage was resumed', () => {
  let time = 0;
  const { out, text } = screen(true);
  const progress = createProgress(out, 3, { now: () => time });
  progress.begin('CE');
  progress.at({ step: 50, total: 100 });
  time = 10_000;
  progress.at({ step: 75, total: 100, note: 'loss 3' });
  progress.end('done');
  expect(text()).toContain('[1/3] CE ━━━━━━━━━━━━━━━━━━────── 75/100 · loss 3 · about 10 s left');
  expect(text().endsWith('[1/3] CE: done (10 s)\n')).toBe(true);
});

test('a fraction of a step moves the time left, and is shown in tenths', () => {
  let time = 0;
  const { out, text } = screen(true);
  const progress = createProgress(out, 1, { now: () => time });
  progress.begin('LE');
  progress.at({ stage: 'environment', step: 1, total: 4, unit: 'epochs' });
  time = 10_000;
  progress.at({ stage: 'environment', step: 1.49, total: 4, unit: 'epochs' });
  // 0.49 epochs took 10 s, so 2.51 take 51 s.
  expect(text()).toContain('environment · 1.4/4 epochs · about 51 s left');
  time = 20_000;
  progress.at({ stage: 'environment', step: 2, total: 4, unit: 'epochs' });
  expect(text()).toContain('environment · 2/4 epochs · about 40 s left');
});

test('off a terminal there are few lines and no control characters', () => {
  let time = 0;
  const { out, text } = screen(false);
  const progress = createProgress(out, 1, { now: () => time });
  progress.begin('CE');
  for (let step = 0; step < 100; step++) {
    time = step * 200;
    progress.at({ step, total: 100, open: true });
  }
  progress.end('done');
  expect(text()).toBe('[1/1] CE ...\n[1/1] CE 75/100+ · at least 5.0 s left\n[1/1] CE: done (20 s)\n');
});

test('failures are one paragraph, with the stack only when asked for', () => {
  const error = new LeaError('E_X', 'It broke.', { value: 3, hint: 'Mend it.' });
  expect(describeFailure(error, false)).toBe('E_X: It broke. Got 3. Mend it.');
  expect(describeFailure(new TypeError('a\nb'), false)).toBe('Unexpected: a (set LEA_DEBUG=1 to see the stack trace)');
  expect(describeFailure(error, true)).toContain('terminal.test.ts');
});

test('a command that is printed can be typed', () => {
  expect(typed(['run', 'industrial', '--data=../a/b-c_d', '--seed', '1'])).toBe(
    'run industrial --data=../a/b-c_d --seed 1',
  );
  const words = ['printf', '%s|', 'my data', "it's", '', '$HOME', '{"type":"sqn"}'];
  expect(execFileSync('sh', ['-c', typed(words)], { encoding: 'utf8' })).toBe(`${words.slice(2).join('|')}|`);
});

test('flags are checked before anything runs', () => {
  const args = { target: { type: 'positional' }, data: { type: 'string' }, json: { type: 'boolean' } } as const;
  expect(() => checkFlags('run', ['x', '--data', '-odd', '--json'], args)).not.toThrow();
  expect(() => checkFlags('run', ['--data=x', 'y'], args)).not.toThrow();
  expect(() => checkFlags('run', ['--dat', 'x'], args)).toThrow(/"--dat".*Did you mean "--data"/);
  expect(() => checkFlags('run', ['--data', '--json'], args)).toThrow('Expected a value for --data');
  for (const empty of [['--data', ''], ['--data=']]) {
    expect(() => checkFlags('run', empty, args)).toThrow('Expected a value for --data');
  }
  expect(() => checkFlags('run', ['--data=--x'], args)).not.toThrow();
  expect(() => checkFlags('run', ['--json=maybe'], args)).toThrow(/no value for --json.*"maybe"/);
  expect(() => checkFlags('run', ['x', 'y'], args)).toThrow('unexpected argument');
});

test('seeds are whole numbers, typed as such, and different', () => {
  expect(seedsOf('0, 1,-2')).toEqual([0, 1, -2]);
  expect(seedOf('-0')).toBe(0);
  for (const text of ['0,0', '1,2,1', '0,-0', '0,', '1,x']) {
    expect(() => seedsOf(text), text).toThrow(expect.objectContaining({ code: 'E_FLAG_VALUE' }));
  }
  expect(() => seedsOf('0-3')).toThrow(
    'Expected a list of seeds, not a range. Got "0-3". Write each of them: --seed 0,1,2,3',
  );
  expect(() => seedsOf('1..99')).toThrow(/,19,20,\.\.\.$/);
  expect(() => seedsOf('3-0')).toThrow(expect.objectContaining({ code: 'E_FLAG_VALUE' }));
  expect(['0', '-3', ' 12 ', '9007199254740991'].map(seedOf)).toEqual([0, -3, 12, Number.MAX_SAFE_INTEGER]);
  for (const text of ['', '0.5', '1e400', '1e-400', '0.99999999999999999', 'NaN', 'true', 'null', '9007199254740992']) {
    expect(() => seedOf(text), text).toThrow(expect.objectContaining({ code: 'E_FLAG_VALUE' }));
  }
});

/** Characters that steer: escape, new lines, right-to-left override and isolate, zero width, tags, line separator. */
const steering = [
  '\x1b',
  '\x07',
  '\n',
  '\r',
  '\x7f',
  '\x9b',
  '\u202e',
  '\u2066',
  '\u200b',
  '\ufeff',
  '\u2028',
  '\u{e0041}',
];
const evil = `a${steering.join('b')}c`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const raw = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e007f}]/u;

test('what steers a terminal is shown as its code, everything else as it is', () => {
  expect(printable('\x1b[31mred\x1b[0m')).toBe('\\u{1b}[31mred\\u{1b}[0m');
  expect(printable('abc\u202edef')).toBe('abc\\u{202e}def');
  expect(printable('x\ny\tz')).toBe('x\\u{a}y\\u{9}z');
  expect(printableLines('x\ny\x1b')).toBe('x\ny\\u{1b}');
  for (const text of ['café', 'שלום', '日本語', '👩‍👩‍👧', 'می‌خواهم', '─ · – ∝ “q”']) expect(printable(text)).toBe(text);
  const any = fc.string({ unit: 'binary' });
  fc.assert(
    fc.property(any, (text) => {
      expect(printable(text)).not.toMatch(raw);
      expect(printable(printable(text))).toBe(printable(text));
      const json = printableJson({ [text]: text });
      expect(json).not.toMatch(raw);
      expect(JSON.parse(json)).toEqual({ [text]: text });
    }),
  );
});

test('nothing that a name holds reaches the terminal raw', () => {
  let time = 0;
  for (const isTTY of [true, false]) {
    const { out, text } = screen(isTTY);
    const progress = createProgress(out, 1, { now: () => time });
    progress.begin(evil);
    time += 60_000;
    progress.at({ step: 1, total: 2, stage: evil, note: evil });
    progress.end(evil);
    progress.say(evil);
    // what the bar itself needs: the line is cleared
    const shown = text().replaceAll('\r\x1b[2K', '').replaceAll('\n', '');
    expect(shown).not.toMatch(raw);
    expect(shown).toContain('\\u{202e}');
  }
  for (const debug of [true, false]) {
    for (const error of [new LeaError('E_X', evil, { value: evil }), new Error(evil), evil]) {
      expect(describeFailure(error, debug).replaceAll('\n', '')).not.toMatch(raw);
    }
  }
  expect(describeFailure(new LeaError('E_X', 'a\n  b'), false)).toBe('E_X: a b.');
});

test('a report is a page, so it never takes the place of a config', () => {
  expect(numbersPath(reportPath('/a/study.html', 'quick'))).toBe('/a/study.numbers.json');
  for (const path of ['study.json', 'study', 'html']) {
    expect(() => reportPath(path, 'quick')).toThrow(expect.objectContaining({ code: 'E_FLAG_VALUE', value: path }));
  }
  expect(() => reportPath('study.html', 'study.html')).toThrow(/overwrite the config/);
  expect(() => reportPath('study.html', './study.numbers.json')).toThrow(/overwrite the config/);
  const folder = mkdtempSync(join(tmpdir(), 'lea-report-'));
  mkdirSync(join(folder, 'page.html'));
  expect(() => reportPath(join(folder, 'page.html'), 'quick')).toThrow(/not a folder/);
});

test('a folder need not exist, but is no file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lea-folder-'));
  expect(['.', 'new'].map((name) => folderOf('runs', join(folder, name)))).toEqual([folder, join(folder, 'new')]);
  writeFileSync(join(folder, 'file'), '');
  expect(() => folderOf('runs', join(folder, 'file'))).toThrow('Expected a folder for --runs, not a file. Got');
});

test('one is counted without an s', () => {
  expect([0, 1, 1142].map((count) => counted(count, 'run'))).toEqual(['0 runs', '1 run', '1,142 runs']);
});
