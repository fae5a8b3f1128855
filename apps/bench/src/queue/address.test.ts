import { expect, test } from 'vitest';
import { addressOf, neededAddress } from './address.ts';

const refusal = (read: () => unknown): { code?: string; message: string } => {
  try {
    read();
  } catch (error) {
    return error as { code: string; message: string };
  }
  return { message: 'nothing was refused' };
};

test('the flag comes before LEA_QUEUE, and an empty variable is none', () => {
  expect(addressOf('redis://a:1', 'redis://b:2')?.url).toBe('redis://a:1');
  expect(addressOf(undefined, 'redis://b:2')?.url).toBe('redis://b:2');
  expect(addressOf(undefined, '')).toBeUndefined();
});

test('messages show an address without user, password and options', () => {
  const url = 'rediss://lea:pass%40word@host:6380/2?password=other';
  expect(addressOf(undefined, url)).toEqual({ url, shown: 'rediss://host:6380/2' });
});

test.each(['redis://:s3cret@host:1', 'redis://s3cret@host:1', 'redis://host:1?password=s3cret'])(
  'a password in an argument is refused, and not shown: %s',
  (flag) => {
    const { code, message } = refusal(() => addressOf(flag, undefined));
    expect(code).toBe('E_QUEUE_URL');
    expect(message).toContain('LEA_QUEUE');
    expect(message).not.toContain('s3cret');
  },
);

test.each(['host:6379', 'http://:s3cret@host', 'redis://', 's3cret', 'redis://host:1/runs'])(
  'what is no URL of Redis is refused, and not shown: %s',
  (url) => {
    for (const read of [() => addressOf(url, undefined), () => addressOf(undefined, url)]) {
      const { code, message } = refusal(read);
      expect(code).toBe('E_QUEUE_URL');
      expect(message).not.toContain('s3cret');
    }
  },
);

test('a command that needs a queue says how to name one', () => {
  const before = process.env.LEA_QUEUE;
  delete process.env.LEA_QUEUE;
  expect(refusal(() => neededAddress(undefined)).message).toMatch(/--queue or LEA_QUEUE.*redis:\/\/localhost:6379/);
  if (before !== undefined) process.env.LEA_QUEUE = before;
});
