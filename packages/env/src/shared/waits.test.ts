import { expect, test } from 'vitest';
import { pause, retryAfter } from './waits.ts';

const NOW = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');

test.each([
  ['2', 2000],
  [' 1.5 ', 1500],
  ['3600', 3_600_000],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  // None of these asks to wait.
  [null, undefined],
  ['', undefined],
  ['0', undefined],
  ['0.0', undefined],
  ['-1', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ['Wed, 21 Oct 2026 07:27:59 GMT', undefined],
  ['Mon, 01 Jan 2001 00:00:00 GMT', undefined],
  ['soon', undefined],
  ['9'.repeat(400), undefined],
])('Retry-After %j', (header, wait) => expect(retryAfter(header, NOW)).toBe(wait));

test('a pause ends with its signal, for the reason of the signal', async () => {
  const stop = new AbortController();
  const waiting = pause(2 ** 30, stop.signal);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
});
