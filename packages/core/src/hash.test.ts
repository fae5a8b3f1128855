import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentHash, stableJson } from './index.ts';
import { sha256 } from './sha256.ts';

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
