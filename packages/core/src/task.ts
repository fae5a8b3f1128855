import { checkFunctions } from './arguments.ts';
import { LeaError } from './error.ts';
import { checkNode } from './node-version.ts';

// Once, when the package is loaded: an older Node would fail in the first task, in the middle of the work.
checkNode((globalThis as { process?: { versions?: object } }).process?.versions);

/**
 * Long work: a promise of its result, and its events on the way.
 *
 * ```ts
 * const result = await work;
 * for await (const event of work) console.log(event.stage, event.done, event.total);
 * ```
 *
 * Nothing runs until the task is awaited or iterated, and it runs once:
 * - Awaiting runs it to its end. Awaiting again gives the same result or error.
 * - Iterating runs it from event to event: between two events it waits for the body of the loop. The result is there
 *   afterwards (`await work`). An error is thrown by the loop and by `await` alike.
 * - Several loops, or a loop beside an `await`, share the one run. Each loop gets the events that come after it began, a
 *   loop that begins after the end gets none.
 * - Leaving the last loop (`break`, `return`, `throw`) stops the work and frees what it holds, unless somebody awaits it. A
 *   stopped task rejects with `E_TASK_STOPPED`; start another one to do the work.
 */
export interface Task<T, E> extends Promise<T>, AsyncIterable<E, T, undefined> {
  /** Iterates over the events from now on. */
  [Symbol.asyncIterator](): AsyncIterableIterator<E, T, undefined>;
}

/** Progress of a stage of long work, for a progress bar. */
export interface Progress<Stage extends string = string, Unit extends string = string> {
  /** Name of the stage. */
  readonly stage: Stage;
  /** How much of `total` is done. */
  readonly done: number;
  /** What is known so far: work that may end early moves it or ends below it. Undefined for as long as nobody knows. */
  readonly total: number | undefined;
  /** The unit of `done` and `total`. */
  readonly unit: Unit;
}

/** Makes a task of a generator function: what it yields are the events, what it returns is the result. */
export function task<T, E>(work: () => AsyncGenerator<E, T, undefined>): Task<T, E> {
  checkFunctions('task', { work });
  return new GeneratorTask(work);
}

class GeneratorTask<T, E> implements Task<T, E> {
  readonly [Symbol.toStringTag] = 'Task';
  readonly #work: () => AsyncGenerator<E, T, undefined>;
  readonly #result = Promise.withResolvers<T>();
  /** Events that each loop has not taken yet. */
  readonly #loops = new Set<E[]>();
  #generator: AsyncGenerator<E, T, undefined> | undefined;
  #step: Promise<void> | undefined;
  #awaited = false;
  #settled = false;

  constructor(work: () => AsyncGenerator<E, T, undefined>) {
    this.#work = work;
    // Loops throw the error themselves, and who awaits gets it: nobody else has to handle it.
    this.#result.promise.catch(() => {});
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a task is what makes it run
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (!this.#awaited) {
      this.#awaited = true;
      void this.#runToEnd();
    }
    return this.#result.promise.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<T> {
    return this.then().finally(onFinally);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<E, T, undefined> {
    const events: E[] = [];
    let ended = false;
    const leave = (): void => {
      ended = true;
      this.#loops.delete(events);
    };
    const iterator: AsyncIterableIterator<E, T, undefined> = {
      [Symbol.asyncIterator]: () => iterator,
      next: async () => {
        if (!ended) this.#loops.add(events);
        while (!ended && events.length === 0 && !this.#settled) await this.#advance();
        if (ended) return { done: true, value: undefined as T };
        if (events.length > 0) return { done: false, value: events.shift()! };
        leave();
        return { done: true, value: await this.#result.promise };
      },
      return: async (value) => {
        leave();
        if (this.#loops.size === 0 && !this.#awaited) await this.#stop();
        return { done: true, value: (await value) as T };
      },
    };
    return iterator;
  }

  async #runToEnd(): Promise<void> {
    while (!this.#settled) await this.#advance();
  }

  /** To the next event; whoever asks meanwhile waits for the same one. */
  #advance(): Promise<void> {
    this.#step ??= this.#next().finally(() => {
      this.#step = undefined;
    });
    return this.#step;
  }

  async #next(): Promise<void> {
    try {
      this.#generator ??= this.#work();
      const { done, value } = await this.#generator.next();
      if (!done) {
        for (const events of this.#loops) events.push(value);
        return;
      }
      this.#result.resolve(value);
    } catch (error) {
      this.#result.reject(error);
    }
    this.#settled = true;
  }

  async #stop(): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    this.#result.reject(
      new LeaError('E_TASK_STOPPED', 'The task was stopped before its end: the loop over its events was left.', {
        hint: 'Start another task, or await this one beside the loop.',
      }),
    );
    await this.#generator?.return(undefined as T);
  }
}
