import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRanges,
  checkSeed,
  contentHash,
  fold,
  integers,
  key,
  LeaError,
  type NumberRange,
  nearest,
  normal,
  permutation,
  randomBits,
  show,
  stableJson,
  uniform,
  unsealed,
  withDefaults,
} from './index.ts';
import { readSealed, readWhole, removeRemains, replaceFile, writeSealed } from './node.ts';
import { sha256 } from './sha256.ts';

describe('LeaError', () => {
  it('says what was wrong, the value and the way out', () => {
    const error = new LeaError('E_X', 'The rate is out of range.', { value: 2, hint: 'Use a rate below 1.' });
    expect(error.message).toBe('The rate is out of range. Got 2. Use a rate below 1.');
    expect(error).toMatchObject({ code: 'E_X', value: 2, name: 'LeaError' });
  });

  it('shortens long values and survives those JSON cannot hold', () => {
    expect(show('x'.repeat(500)).length).toBe(120);
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(show(circular)).toBe('[object Object]');
    expect(show(Number.NaN)).toBe('NaN');
    let deep: unknown = [];
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect(show(deep)).toBe('[object]');
    const unprintable = { n: 1n, toString: 3 };
    expect(show(unprintable)).toBe('[object]');
    expect(new LeaError('E_X', 'No.', { value: unprintable }).message).toBe('No. Got [object].');
  });
});

describe('withDefaults', () => {
  it('keeps defaults for undefined, takes the rest', () => {
    expect(withDefaults('x', { a: 1, b: 2 }, { a: undefined, b: 3 })).toEqual({ a: 1, b: 3 });
  });

  it('refuses an unknown key and names the nearest one', () => {
    expect(() => withDefaults('sasrec', { dropout: 0.1 }, { dropuot: 0.2 } as never)).toThrow(
      'sasrec has no option with this name. Got "dropuot". Did you mean "dropout"?',
    );
  });

  it.each([
    ['dropuot', ['dropout', 'blocks'], 'dropout'],
    ['wdith', ['width', 'depth'], 'width'],
    ['snq', ['sqn', 'snqn'], 'sqn'],
    ['taus', ['tau'], 'tau'],
    ['EPOCH', ['epochs'], 'epochs'],
    ['K', ['k'], 'k'],
    // Two of 5 letters, one of 2, and no letter in common.
    ['lines', ['linear', 'fines'], 'fines'],
    ['heads', ['hours'], undefined],
    ['lm', ['lr', 'k'], undefined],
    ['k', ['lr'], undefined],
    ['zzz', ['dropout', 'blocks'], undefined],
  ])('the word nearest to %s among %j is %s', (word, known, near) => {
    expect(nearest(word, known)).toBe(near);
  });

  it.each(['toString', 'constructor', '__proto__'])('refuses %s, which every object inherits', (name) => {
    const given = JSON.parse(`{"${name}": 1}`);
    expect(() => withDefaults('sasrec', { dropout: 0.1 }, given)).toThrow(/no option with this name/);
  });
});

describe('checkRanges', () => {
  const check = (x: unknown, ...range: NumberRange) => checkRanges('f', { x: x as number }, { x: range });

  it('includes the bounds, Infinity only where it is one', () => {
    for (const x of [0, 0.5, 1]) expect(() => check(x, 0, 1)).not.toThrow();
    expect(() => check(Infinity, 1, Infinity)).not.toThrow();
    expect(() => check(1e300, 0, Number.MAX_VALUE)).not.toThrow();
    for (const x of [Infinity, -Infinity, Number.NaN, null, '1']) {
      expect(() => check(x, -Number.MAX_VALUE, Number.MAX_VALUE)).toThrow('f: x must be a finite number.');
    }
  });

  it('says what may be given', () => {
    expect(() => check(2, 0, 1)).toThrow('f: x must be a number from 0 to 1. Got 2.');
    expect(() => check(Infinity, 0, Number.MAX_VALUE)).toThrow(
      'f: x must be a finite number of at least 0. Got Infinity.',
    );
    expect(() => check(-1, 0, Infinity)).toThrow('f: x must be a number of at least 0. Got -1.');
    expect(() => check(1.5, 1, Infinity, 'whole or Infinity')).toThrow(
      'f: x must be a whole number of at least 1, or Infinity. Got 1.5.',
    );
    expect(() => check(Infinity, 1, Infinity, 'whole or Infinity')).not.toThrow();
    expect(() => check(Infinity, 1, Infinity, 'whole')).toThrow(
      'f: x must be a whole number of at least 1. Got Infinity.',
    );
  });
});

/** What is no whole number below 2^53. */
const noInteger = fc.oneof(
  fc.constantFrom(
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
    1e300,
    undefined,
    null,
    true,
    false,
    1n,
    '',
    '1',
  ),
  fc.double().filter((x) => !Number.isSafeInteger(x)),
  fc.array(fc.integer()),
  fc.object(),
);

describe('seeds', () => {
  it('are safe integers, for every key and label', () => {
    for (const seed of [0, -0, 1, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]) {
      expect(() => checkSeed('f', seed)).not.toThrow();
      expect(() => fold(key(seed), seed)).not.toThrow();
    }
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE' });
    fc.assert(
      fc.property(noInteger, (seed) => {
        expect(() => checkSeed('f', seed)).toThrow(refused);
        expect(() => key(seed as number)).toThrow(refused);
        if (typeof seed !== 'string') expect(() => fold(key(0), seed as number)).toThrow(refused);
      }),
    );
    expect(() => checkSeed('train', 0.3)).toThrow('train: seed must be a whole number below 2^53. Got 0.3.');
  });

  it('draws are counted in whole numbers', () => {
    const refused = expect.objectContaining({ code: 'E_OPTION_VALUE' });
    fc.assert(
      fc.property(
        fc.oneof(noInteger, fc.integer({ max: -1 })),
        fc.constantFrom(uniform, normal, permutation),
        (n, draw) => {
          expect(() => draw(key(0), n as number)).toThrow(refused);
          expect(() => integers(key(0), n as number, 3)).toThrow(refused);
          expect(() => integers(key(0), 3, n as number)).toThrow(refused);
        },
      ),
    );
    expect(() => integers(key(0), 1, 0)).toThrow(refused);
  });
});

describe('keys', () => {
  it('draws the same for the same key and differently for another label', () => {
    const a = uniform(fold(key(7), 'negatives'), 50);
    expect(uniform(fold(key(7), 'negatives'), 50)).toEqual(a);
    expect(uniform(fold(key(7), 'dropout'), 50)).not.toEqual(a);
    expect(uniform(fold(key(8), 'negatives'), 50)).not.toEqual(a);
  });

  it('has the moments of the uniform and the normal distribution', () => {
    const count = 40_000;
    const mean = (xs: Float32Array) => xs.reduce((sum, x) => sum + x, 0) / count;
    const u = uniform(key(1), count);
    expect(mean(u)).toBeCloseTo(0.5, 2);
    expect(mean(u.map((x) => (x - 0.5) ** 2))).toBeCloseTo(1 / 12, 2);
    const z = normal(key(2), count);
    expect(Math.abs(mean(z))).toBeLessThan(0.02);
    expect(Math.abs(mean(z.map((x) => x * x)) - 1)).toBeLessThan(0.03);
  });

  it('gives streams that are uncorrelated with one another and with themselves shifted', () => {
    const a = uniform(fold(key(3), 0), 40_000);
    const b = uniform(fold(key(3), 1), 40_000);
    let across = 0;
    let serial = 0;
    for (let i = 1; i < a.length; i++) {
      across += (a[i]! - 0.5) * (b[i]! - 0.5);
      serial += (a[i]! - 0.5) * (a[i - 1]! - 0.5);
    }
    expect(Math.abs((12 * across) / a.length)).toBeLessThan(0.02);
    expect(Math.abs((12 * serial) / a.length)).toBeLessThan(0.02);
  });

  it('fills every cell of a chi-square test for integers', () => {
    const cells = new Array<number>(10).fill(0);
    for (const x of integers(key(4), 20_000, 10)) cells[x]!++;
    const chiSquare = cells.reduce((sum, c) => sum + (c - 2000) ** 2 / 2000, 0);
    expect(chiSquare).toBeLessThan(27.9); // 99.9 % quantile, 9 degrees of freedom
  });

  it('permutes without losing anything', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 200 }), (seed, n) => {
        const order = [...permutation(key(seed), n)].sort((x, y) => x - y);
        expect(order).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
    );
  });

  it('never changes: golden bits', () => {
    expect([0, 1, 2].map((i) => randomBits([1, 2], i))).toMatchInlineSnapshot(`
      [
        1967125546,
        -658131043,
        -1976823845,
      ]
    `);
    expect(fold(key(0), 'a').words).toMatchInlineSnapshot(`
      [
        -1394923636,
        -1560495220,
      ]
    `);
  });
});

describe('hashes', () => {
  it('does not depend on the order of keys, but on values, types and boundaries', () => {
    expect(stableJson({ b: 1, a: { d: 2, c: undefined } })).toBe('{"a":{"d":2},"b":1}');
    expect(contentHash({ a: 1, b: 2 })).toBe(contentHash({ b: 2, a: 1 }));
    expect(contentHash(Int32Array.of(1))).not.toBe(contentHash(Float32Array.of(1)));
    expect(contentHash('ab', 'c')).not.toBe(contentHash('a', 'bc'));
  });

  it('is the same with and without Node, of pieces of any size', () => {
    const hex = (hash: ReturnType<typeof sha256>) => Buffer.from(hash.digest()).toString('hex');
    const both = (pieces: readonly Uint8Array[]) =>
      [sha256(), sha256(null)].map((hash) => {
        for (const piece of pieces) hash.update(piece);
        return hex(hash);
      });
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(both([Uint8Array.of(97), Uint8Array.of(98, 99)])).toEqual([abc, abc]);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (pieces) => {
        const [node, portable] = both(pieces);
        expect(portable).toBe(node);
      }),
    );
  });

  it('never changes', () => {
    expect(contentHash('é\ud800', Int32Array.of(1), { a: 1 })).toBe(
      '51723ff5d61e37b8df08bc7500eebd933599cdae6827e12058a66a92cabfe630',
    );
  });

  it('never takes a value for null', () => {
    for (const value of [Number.NaN, Infinity, -Infinity, 1n]) {
      for (const held of [value, [value], { a: { b: value } }]) {
        expect(() => stableJson(held)).toThrow(expect.objectContaining({ code: 'E_JSON_VALUE', value }));
        expect(() => contentHash('x', held)).toThrow(expect.objectContaining({ code: 'E_JSON_VALUE' }));
      }
    }
    expect(() => stableJson({ a: Infinity })).toThrow('JSON cannot represent this value, at a. Got Infinity.');
    expect(() => stableJson([undefined])).toThrow(expect.objectContaining({ code: 'E_JSON_VALUE' }));
    expect(stableJson({ a: null, b: -0 })).toBe('{"a":null,"b":0}');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(stableJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('files', () => {
  it('replaces a file whole and makes missing folders', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const path = join(folder, 'deep', 'file.txt');
    await replaceFile(path, 'one');
    await replaceFile(path, [Uint8Array.of(119, 104), Uint8Array.of(111)]);
    expect((await readWhole(path)).toString()).toBe('who');
    await replaceFile(path, new Uint8Array(new ArrayBuffer(8), 3, 2).fill(104));
    expect((await readWhole(path)).toString()).toBe('hh');
    await replaceFile(path, Uint8Array.of(104, 105));
    expect((await readWhole(path)).toString()).toBe('hi');
  });

  it('names the file when it cannot be read or written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    await expect(readWhole(join(folder, 'none'))).rejects.toMatchObject({ code: 'E_FILE_MISSING' });
    await writeFile(join(folder, 'plain'), 'x');
    await expect(replaceFile(join(folder, 'plain', 'below'), 'y')).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
    expect(await readFile(join(folder, 'plain'), 'utf8')).toBe('x');
  });

  it('writes under a random name first, and leaves nothing else behind', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const path = join(folder, 'file.txt');
    const beside = new Set<string>();
    function* watched() {
      for (const name of readdirSync(folder)) if (name !== 'file.txt') beside.add(name);
      yield Uint8Array.of(104);
    }
    for (let i = 0; i < 3; i++) await replaceFile(path, watched());
    expect(beside.size).toBe(3);
    for (const name of beside) expect(name).toMatch(/^file\.txt\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/);
    function* failing() {
      yield Uint8Array.of(104);
      throw new Error('cut');
    }
    await expect(replaceFile(path, failing())).rejects.toMatchObject({ code: 'E_FILE_WRITE' });
    expect(await readdir(folder)).toEqual(['file.txt']);
    expect(await readFile(path, 'utf8')).toBe('h');
  });

  it('keeps a link and its permissions', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const [real, link] = [join(folder, 'real.txt'), join(folder, 'link.txt')];
    await writeFile(real, 'one');
    await chmod(real, 0o600);
    await symlink(real, link);
    await replaceFile(link, 'two');
    expect(await readFile(real, 'utf8')).toBe('two');
    expect((await stat(real)).mode & 0o777).toBe(0o600);
  });

  it('removes what killed writes left, of one file or of all, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lea-'));
    const remains = (name: string) => join(folder, `${name}.01234567-89ab-cdef-0123-456789abcdef.tmp`);
    await mkdir(join(folder, 'deep'));
    const others = [join(folder, 'mine.tmp'), join(folder, 'a.1.tmp')];
    const killed = [remains('a'), remains('b'), remains('deep/a')];
    for (const path of [...others, ...killed]) await writeFile(path, '');
    await removeRemains(folder, 'a');
    expect((await readdir(folder)).sort()).toEqual([
      'a.1.tmp',
      'b.01234567-89ab-cdef-0123-456789abcdef.tmp',
      'deep',
      'mine.tmp',
    ]);
    await removeRemains(folder);
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.1.tmp', 'deep', 'mine.tmp']);
    await removeRemains(join(folder, 'none'));
  });
});

describe('sealed files', () => {
  const value = {
    name: 'ünï',
    metrics: { 'ndcg@10': 0.125, empty: Number.NaN },
    left: undefined,
    list: [1, { a: null }],
  };

  it('reads what was written, as JSON has it', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'lea-')), 'record.json');
    await writeSealed(path, value);
    expect(await readSealed(path)).toEqual({
      name: 'ünï',
      metrics: { 'ndcg@10': 0.125, empty: null },
      list: [1, { a: null }],
    });
  });

  it('notices every flipped bit that changes what is read', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'lea-')), 'record.json');
    await writeSealed(path, value);
    const whole = await readFile(path);
    const [content, counts] = [await readSealed(path), { refused: 0, same: 0 }];
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      let read: unknown;
      try {
        read = unsealed(flipped.toString('utf8'), path);
      } catch (error) {
        expect(error).toMatchObject({ code: 'E_FILE_DAMAGED', value: path });
        counts.refused++;
        continue;
      }
      // The name of the seal itself may change: then it is a field like others.
      const { metrics, name, list } = read as typeof value;
      expect({ metrics, name, list }).toEqual(content);
      counts.same++;
    }
    expect(counts.refused).toBeGreaterThan(counts.same * 10);
  });

  it('takes files from before there were seals as they are, and refuses what is no object', async () => {
    expect(unsealed('{"a":1}', 'x')).toEqual({ a: 1 });
    for (const text of ['', '{', '[1]', 'null', '3']) {
      expect(() => unsealed(text, 'x.json')).toThrow(
        expect.objectContaining({ code: 'E_FILE_DAMAGED', value: 'x.json' }),
      );
    }
  });
});

it.each([5, null, [], 'x', () => {}])('options that are no object are refused: %s', (given) => {
  expect(() => withDefaults('fit', { width: 1 }, given as never)).toThrow(
    expect.objectContaining({
      code: 'E_OPTION_VALUE',
      message: expect.stringContaining('fit: options must be an object'),
    }),
  );
});
