import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { unsealed } from './index.ts';
import { readSealed, writeSealed } from './node.ts';

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
