import { LeaError } from '@lea/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Attributes } from '../onnx/model.ts';
import type { DType } from '../types.ts';
import { sizeOf } from '../values.ts';
import { Recording } from './recording.ts';

export const RECORDER = 'lea-recorder';

interface Entry {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Only for constants, that is tensors whose values are known during recording. */
  readonly values?: tf.backend_util.TypedArray;
  /** Name in the recording; constants are named at their first use. */
  name?: string;
  references: number;
}

/** The fields of a tensor that the tfjs engine needs. */
export interface Info {
  dataId: tf.DataId;
  shape: number[];
  dtype: DType;
}

/** A tfjs backend whose kernels compute nothing but append ONNX nodes to the current recording. */
export class RecorderBackend extends tf.KernelBackend {
  readonly #entries: tf.DataStorage<Entry> = new tf.DataStorage<Entry>(this, tf.engine());
  #made: Set<tf.DataId> = new Set();
  #recording: Recording | undefined;

  get recording(): Recording | undefined {
    return this.#recording;
  }

  begin(): Recording {
    this.#recording = new Recording();
    return this.#recording;
  }

  /** Ends the recording and drops its tensors; tensors moved here from other backends stay until they move back. */
  end(): void {
    this.#recording = undefined;
    for (const id of this.#made) this.#entries.delete(id);
    this.#made = new Set();
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): tf.DataId {
    return this.#store({ shape, dtype: dtype as DType, values: values as tf.backend_util.TypedArray, references: 1 });
  }

  override move(
    id: tf.DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    const entry = { shape, dtype: dtype as DType, values: values as tf.backend_util.TypedArray, references };
    this.#entries.set(id, entry);
  }

  override readSync(id: tf.DataId): tf.backend_util.TypedArray {
    const { values } = this.#entries.get(id);
    if (values) return values;
    throw new LeaError('E_TRACED_READ', 'A program read the values of a tensor while it was being recorded.', {
      hint: 'Values exist only when the program runs. Use tfjs ops instead of dataSync(), or feed the value.',
    });
  }

  override async read(id: tf.DataId): Promise<tf.backend_util.TypedArray> {
    return this.readSync(id);
  }

  // Nodes of a disposed tensor stay in the graph, so its name is kept until the recording ends.
  override disposeData(id: tf.DataId, force = false): boolean {
    if (!this.#entries.has(id)) return true;
    const entry = this.#entries.get(id);
    entry.references--;
    if (!force && entry.references > 0) return false;
    if (!this.#made.has(id)) this.#entries.delete(id);
    return true;
  }

  override refCount(id: tf.DataId): number {
    return this.#entries.has(id) ? this.#entries.get(id).references : 0;
  }

  override incRef(id: tf.DataId): void {
    this.#entries.get(id).references++;
  }

  override numDataIds(): number {
    return this.#entries.numDataIds();
  }

  override timerAvailable(): boolean {
    return false;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  /** The name of a tensor in the recording; constants become initializers. */
  name({ dataId }: { dataId: tf.DataId }): string {
    const entry = this.#entries.get(dataId);
    const { values, shape, dtype } = entry;
    if (entry.name !== undefined) return entry.name;
    const Kind = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array;
    const name = this.#recording!.constant(dtype, shape, Kind.from(values as ArrayLike<number>));
    // Constants from other backends outlive this recording, but their names do not.
    if (this.#made.has(dataId)) entry.name = name;
    return name;
  }

  /** A tensor for a name of the recording. */
  tensor(name: string, shape: readonly number[], dtype: DType = 'float32'): Info {
    this.#recording!.bytes.set(name, sizeOf(shape) * (dtype === 'bool' ? 1 : 4));
    const dataId = this.#store({ shape, dtype, name, references: 1 });
    return { dataId, shape: [...shape], dtype };
  }

  /** Appends a node with one output of known shape. */
  emit(
    op: string,
    inputs: readonly string[],
    shape: readonly number[],
    dtype: DType = 'float32',
    attributes: Attributes = {},
    domain = '',
  ): Info {
    return this.tensor(this.#recording!.one(op, inputs, attributes, domain), shape, dtype);
  }

  #store(entry: Entry): tf.DataId {
    const id = {};
    this.#entries.set(id, entry);
    this.#made.add(id);
    return id;
  }
}

let backend: RecorderBackend | undefined;

/** The recorder, registered at the first use with the lowest priority, so that it is never chosen by default. */
export function recorderBackend(): RecorderBackend {
  if (!backend) {
    const made = new RecorderBackend();
    tf.registerBackend(RECORDER, () => made, -1);
    backend = made;
  }
  return backend;
}

/** The recorder while a program is being recorded, otherwise undefined. */
export function activeRecorder(): (RecorderBackend & { readonly recording: Recording }) | undefined {
  return backend?.recording ? (backend as RecorderBackend & { readonly recording: Recording }) : undefined;
}
