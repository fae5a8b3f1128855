/** A binary heap: `pop` returns the entry that comes first according to `before`. */
export class Heap<T> {
  readonly #entries: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  push(entry: T): void {
    let at = this.#entries.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(entry, this.#entries[parent]!)) break;
      this.#entries[at] = this.#entries[parent]!;
      at = parent;
    }
    this.#entries[at] = entry;
  }

  pop(): T | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    const size = this.#entries.length;
    if (size === 0) return first;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && this.#before(this.#entries[child + 1]!, this.#entries[child]!)) child++;
      if (!this.#before(this.#entries[child]!, last!)) break;
      this.#entries[at] = this.#entries[child]!;
      at = child;
    }
    this.#entries[at] = last!;
    return first;
  }
}
