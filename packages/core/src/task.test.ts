import { expect, expectTypeOf, test } from 'vitest';
import { LeaError, type Progress, type Task, task } from './index.ts';

type Event = Progress<'counting', 'numbers'>;

/** Counts to `total`; `log` gets what ran, in order. */
function counting(total: number, log: string[] = [], fails = false): Task<string, Event> {
  return task(async function* () {
    log.push('begun');
    try {
      for (let done = 1; done <= total; done++) {
        log.push(`work ${done}`);
        yield { stage: 'counting', done, total, unit: 'numbers' };
      }
      if (fails) throw new LeaError('E_TEST', 'It fails.');
      return 'result';
    } finally {
      log.push('freed');
    }
  });
}

async function doneOf(work: AsyncIterable<Event>): Promise<number[]> {
  const seen: number[] = [];
  for await (const { done } of work) seen.push(done);
  return seen;
}

const turn = () => new Promise((resolve) => setTimeout(resolve));

test('awaiting gives the result; it runs once, and not before', async () => {
  const log: string[] = [];
  const work = counting(2, log);
  await turn();
  expect(log).toEqual([]);
  expect(await work).toBe('result');
  expect(await Promise.all([work, work.finally(() => void log.push('finally'))])).toEqual(['result', 'result']);
  expect(log).toEqual(['begun', 'work 1', 'work 2', 'freed', 'finally']);
});

test('a loop gets the events one by one, the work waits for its body; the result is there afterwards', async () => {
  const log: string[] = [];
  const work = counting(2, log);
  for await (const { done } of work) {
    await turn();
    log.push(`event ${done}`);
  }
  expect(log).toEqual(['begun', 'work 1', 'event 1', 'work 2', 'event 2', 'freed']);
  expect(await work).toBe('result');
  expect(await doneOf(work)).toEqual([]);
  expect(log).toHaveLength(6);
});

test('awaited and iterated at the same time, by several: one run, all events for each', async () => {
  const log: string[] = [];
  const work = counting(3, log);
  expect(await Promise.all([doneOf(work), work, doneOf(work)])).toEqual([[1, 2, 3], 'result', [1, 2, 3]]);
  expect(log).toEqual(['begun', 'work 1', 'work 2', 'work 3', 'freed']);
});

test('a loop that waits for the result in its body gets the events that are left', async () => {
  const work = counting(3);
  const seen: unknown[] = [];
  for await (const { done } of work) seen.push(done, await work);
  expect(seen).toEqual([1, 'result', 2, 'result', 3, 'result']);
});

test('a loop that begins in the middle gets what comes then', async () => {
  const work = counting(3);
  const first = work[Symbol.asyncIterator]();
  await first.next();
  expect(await Promise.all([doneOf(first), doneOf(work)])).toEqual([
    [2, 3],
    [2, 3],
  ]);
});

test('leaving the loop stops the work, frees what it holds and rejects', async () => {
  const log: string[] = [];
  const work = counting(3, log);
  for await (const { done } of work) if (done === 2) break;
  expect(log).toEqual(['begun', 'work 1', 'work 2', 'freed']);
  await expect(work).rejects.toMatchObject({ name: 'LeaError', code: 'E_TASK_STOPPED' });
  await expect(doneOf(work)).rejects.toMatchObject({ code: 'E_TASK_STOPPED' });
  expect(log).toHaveLength(4);
});

test('leaving a loop leaves the work to another loop, or to whoever awaits it', async () => {
  const awaited = counting(3);
  const result = awaited.then((value) => value);
  for await (const _ of awaited) break;
  expect(await result).toBe('result');
  const shared = counting(3);
  const other = doneOf(shared);
  for await (const _ of shared) break;
  expect(await other).toEqual([1, 2, 3]);
});

test('an error reaches loops and awaits alike, and whoever comes later', async () => {
  const work = counting(1, [], true);
  const [loop, awaited] = await Promise.allSettled([doneOf(work), work]);
  expect(loop).toMatchObject({ status: 'rejected', reason: { code: 'E_TEST' } });
  expect(awaited).toMatchObject({ status: 'rejected', reason: { code: 'E_TEST' } });
  await expect(doneOf(work)).rejects.toMatchObject({ code: 'E_TEST' });
  expect(await work.catch((error) => (error as LeaError).code)).toBe('E_TEST');
});

test('neither a task that never runs nor one whose loop has thrown is an unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    counting(1, [], true);
    await expect(doneOf(counting(1, [], true))).rejects.toThrow('It fails.');
    for await (const _ of counting(2)) break;
    await turn();
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test('a task is part of another one: its events, its result, its end', async () => {
  const log: string[] = [];
  const outer = (): Task<string, Event> =>
    task(async function* () {
      return `${yield* counting(2, log)}!`;
    });
  const work = outer();
  expect(await doneOf(work)).toEqual([1, 2]);
  expect(await work).toBe('result!');
  for await (const _ of outer()) break;
  expect(log.slice(4)).toEqual(['begun', 'work 1', 'freed']);
});

test('types: of the result, of the events, as a promise', () => {
  const work = counting(1);
  expectTypeOf<Awaited<typeof work>>().toEqualTypeOf<string>();
  expectTypeOf(work).toExtend<Promise<string>>();
  expectTypeOf(work).toExtend<AsyncIterable<{ stage: 'counting'; done: number }>>();
  expectTypeOf(work).not.toExtend<Task<number, Event>>();
  expectTypeOf(work).not.toExtend<Task<string, Progress<'fit'>>>();
  expectTypeOf(task(async function* () {})).toEqualTypeOf<Task<void, never>>();
});
