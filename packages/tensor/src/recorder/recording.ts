import {
  type Attributes,
  type Graph,
  type Initializer,
  type Node,
  type OnnxType,
  type Port,
  TYPE_CODE,
} from '../onnx/model.ts';
import { sizeOf } from '../values.ts';

/** Equal constants of at most this many elements are shared. */
const SHARED_SIZE = 64;

/** Number of elements up to which a ScatterND runs on one thread: a second one joins at 210,000 (startup + 1.1 threads). */
const SERIAL_SIZE = 200_000;

/** Rows that a ScatterND copies in the time in which a ScatterElements adds one. */
const COPIES_PER_ADDITION = 32;

/** Collects the ONNX nodes and constants of one program. */
export class Recording {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  /** Bytes of the tensors whose shape is known. */
  readonly bytes: Map<string, number> = new Map();
  readonly #shared: Map<string, string> = new Map();
  #names = 0;

  /** Appends a node and returns the names of its outputs. */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = '', outputCount = 1): string[] {
    const outputs = Array.from({ length: outputCount }, () => this.#name('t'));
    this.nodes.push({ op, domain, inputs, outputs, attributes });
    return outputs;
  }

  /** Appends a node with one output. */
  one(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.add(op, inputs, attributes, domain)[0]!;
  }

  /** A vector of int64, the type that ONNX expects for shapes, axes and indices. */
  ints(values: readonly number[]): string {
    return this.#constant('int64', [values.length], BigInt64Array.from(values, BigInt), values.join());
  }

  int64(value: number): string {
    return this.#constant('int64', [], BigInt64Array.of(BigInt(value)), String(value));
  }

  uint32(value: number): string {
    return this.#constant('uint32', [], Uint32Array.of(value), String(value));
  }

  int32(value: number): string {
    return this.constant('int32', [], Int32Array.of(value));
  }

  float(value: number): string {
    return this.constant('float32', [], Float32Array.of(value));
  }

  /** A constant. If all elements are equal, a node creates it, so that zeros take no space in the model. */
  constant(dtype: 'float32' | 'int32' | 'bool', shape: readonly number[], data: Initializer['data']): string {
    if (data.length <= SHARED_SIZE) return this.#constant(dtype, shape, data, Array.from(data, bitsText).join());
    const first = data[0]!;
    if ((data as Float32Array).every((value) => Object.is(value, first)))
      return this.filled(dtype, shape, Number(first));
    return this.#append(dtype, shape, data);
  }

  /** A tensor filled with one value. */
  filled(dtype: 'float32' | 'int32' | 'bool', shape: readonly number[], value: number): string {
    const element =
      dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : Uint8Array.of(value);
    if (sizeOf(shape) <= SHARED_SIZE) {
      const Kind = element.constructor as Float32ArrayConstructor;
      return this.constant(dtype, shape, new Kind(sizeOf(shape)).fill(value));
    }
    const tensor: Initializer = { name: '', dtype, shape: [1], data: element };
    const name = this.one('ConstantOfShape', [this.ints(shape)], { value: { tensor } });
    this.bytes.set(name, sizeOf(shape) * element.BYTES_PER_ELEMENT);
    return name;
  }

  cast(name: string, dtype: OnnxType): string {
    return this.one('Cast', [name], { to: TYPE_CODE[dtype] });
  }

  reshape(name: string, shape: readonly number[]): string {
    // Without `allowzero`, ONNX takes a size of 0 from the input.
    return this.one('Reshape', [name, this.ints(shape)], shape.includes(0) ? { allowzero: 1 } : {});
  }

  /**
   * Adds rows to `base` at an index: `index` is int64 [rows, depth], `updates` has `rows` rows of `width` elements.
   *
   * ONNX Runtime distributes the rows of a large ScatterND over threads and loses additions when two threads update the same
   * row; up to `SERIAL_SIZE` elements it uses one thread. Large updates are therefore added in pieces. Each of them copies
   * the base.
   */
  scatterAdd(base: string, index: string, updates: string, rows: number, width: number): string {
    const piece = rowsPerPiece(width);
    let sum = base;
    for (let from = 0; from < rows; from += piece) {
      const whole = piece >= rows;
      const range = [this.ints([from]), this.ints([Math.min(from + piece, rows)])];
      const part = (name: string) => (whole ? name : this.one('Slice', [name, ...range, this.ints([0])]));
      sum = this.one('ScatterND', [sum, part(index), part(updates)], { reduction: 'add' });
    }
    return sum;
  }

  /**
   * Adds rows to the rows of a matrix `base` [count, width]: `ids` is int64 [rows, 1], `updates` [rows, width]. If the rows are
   * few, a ScatterElements adds them in place, on one thread.
   */
  addRows(base: string, ids: string, updates: string, [rows, count, width]: readonly [number, number, number]): string {
    const copies = Math.ceil(rows / rowsPerPiece(width));
    if (copies * count < COPIES_PER_ADDITION * rows) return this.scatterAdd(base, ids, updates, rows, width);
    const each = this.one('Expand', [ids, this.ints([rows, width])]);
    this.bytes.set(each, 8 * rows * width);
    return this.one('ScatterElements', [base, each, updates], { axis: 0, reduction: 'add' });
  }

  /** Takes the nodes that `body` appends as a graph of their own, which may read all tensors. `body` returns its result. */
  graph(name: string, body: () => Port): Graph {
    const start = this.nodes.length;
    const result = body();
    const taken = this.nodes.splice(start);
    // Constants stay outside, where later nodes may share them.
    this.nodes.push(...taken.filter(({ op }) => op === 'ConstantOfShape'));
    const nodes = taken.filter(({ op }) => op !== 'ConstantOfShape');
    return { name, nodes, initializers: [], inputs: [], outputs: [result] };
  }

  #constant(dtype: OnnxType, shape: readonly number[], data: Initializer['data'], text: string): string {
    const key = `${dtype}[${shape.join()}]${text}`;
    const known = this.#shared.get(key);
    if (known) return known;
    const name = this.#append(dtype, shape, data);
    this.#shared.set(key, name);
    return name;
  }

  #append(dtype: OnnxType, shape: readonly number[], data: Initializer['data']): string {
    const name = this.#name('c');
    this.initializers.push({ name, dtype, shape, data });
    return name;
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }
}

/** A string that distinguishes -0 from 0. */
function bitsText(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Number of rows that one thread of ScatterND adds. */
function rowsPerPiece(width: number): number {
  return Math.max(1, Math.floor(SERIAL_SIZE / width));
}
